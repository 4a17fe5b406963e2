"""A small shop on port 8000 with one hole: what a visitor asks for becomes part of a shell's command line."""

import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

HOME = Path("/srv/shop")


class Shop(BaseHTTPRequestHandler):
    """Answers for pages, and for a search in the stock."""

    def do_GET(self):
        """A page of the folder pages, or what the stock has of a word."""
        asked = urlsplit(self.path)
        if asked.path == "/stock":
            word = parse_qs(asked.query).get("word", [""])[0]
            # The hole: the word is not quoted, so it may hold commands.
            with (HOME / "stock.txt").open() as stock:
                found = subprocess.run(f"grep -i {word}", shell=True, capture_output=True, stdin=stock)
            self.answer(200, found.stdout + found.stderr)
            return
        page = HOME / "pages" / Path(asked.path).name
        self.answer(200, page.read_bytes()) if page.is_file() else self.answer(404, b"no such page\n")

    def answer(self, status, body):
        """Send *body*."""
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


ThreadingHTTPServer(("", 8000), Shop).serve_forever()
