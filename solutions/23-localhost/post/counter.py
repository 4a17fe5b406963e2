"""The counter of a post office: passes each question on to the shelf, and the answer back."""

import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHELF = os.environ["SHELF_URL"]


class Counter(BaseHTTPRequestHandler):
    """Knows nothing of its own."""

    def do_GET(self):
        """Ask the shelf."""
        try:
            with urllib.request.urlopen(SHELF + self.path, timeout=3) as answer:
                status, text = 200, answer.read()
        except OSError as error:
            status, text = 502, b"the shelf does not answer\n"
            print("no shelf:", error, flush=True)
        print(f"asked {SHELF}{self.path}: {status}", flush=True)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Say nothing more."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", 9000), Counter)
    print("the counter is open", flush=True)
    server.serve_forever()
