"""The night log of an observatory: takes one observation a request, and shows them all."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOG = Path("/var/lib/night/log.txt")
VERSION = os.environ["VERSION"]


class Night(BaseHTTPRequestHandler):
    """Keeps what it is sent in a file, a line each."""

    def do_GET(self):
        """Show the log, or under /version which version this is."""
        self.answer(200, VERSION if self.path == "/version" else LOG.read_text())

    def do_POST(self):
        """Add a line."""
        line = self.rfile.read(int(self.headers["Content-Length"])).decode().strip()
        with LOG.open("a") as log:
            log.write(line + "\n")
        self.answer(200, "noted")

    def answer(self, status, text):
        """Send one answer."""
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Say nothing."""


if __name__ == "__main__":
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.touch()
    server = ThreadingHTTPServer(("", 8000), Night)
    print("the night log is open, version", VERSION, flush=True)
    server.serve_forever()
