"""Whoever asks on port 8000 gets an app's answer, and the opening hours: python desk.py APP."""

import importlib
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

app = importlib.import_module(sys.argv[1])


class Desk(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):
        """Answer it, whatever its path."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{app.answer()}, {Path('hours.txt').read_text()}".encode())


HTTPServer(("", 8000), Desk).serve_forever()
