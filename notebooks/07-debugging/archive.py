"""Keeps things below /data; `archive.py check` is its health check."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


def check():
    """Say whether anything can be kept."""
    try:
        Path("/data/probe").write_text("probe")
    except OSError as error:
        print(f"cannot keep anything: {error}")
        sys.exit(1)


class Archive(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):
        """Answer one request."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"the archive is open\n")


if sys.argv[1:] == ["check"]:
    check()
else:
    HTTPServer(("0.0.0.0", 8000), Archive).serve_forever()
