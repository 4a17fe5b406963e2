"""Shows today's notes."""

import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Notes(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):
        """Answer one request."""
        try:
            status, words = 200, Path("/srv/notes/today.txt").read_bytes()
        except OSError:
            status, words = 500, b"internal error\n"
            with Path("/var/tmp/notes.log").open("a") as log:
                log.write(traceback.format_exc())
        self.send_response(status)
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *words):
        """Say nothing by itself."""


HTTPServer(("0.0.0.0", 8000), Notes).serve_forever()
