"""Answers each request with GREETING, and prints one line for it; /fail is one that goes wrong."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Desk(BaseHTTPRequestHandler):
    """What happens at the desk."""

    def do_GET(self):
        """Answer one request."""
        if self.path == "/fail":
            raise RuntimeError("the drawer is stuck")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.environ['GREETING']}\n".encode())
        print(f"answered {self.path}", flush=True)

    def log_message(self, *words):
        """Say nothing by itself."""


HTTPServer(("0.0.0.0", 8000), Desk).serve_forever()
