"""Shows what STOCK tells."""

import os
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer


class Shop(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):
        """Answer one request."""
        try:
            status, words = 200, urllib.request.urlopen(os.environ["STOCK"], timeout=5).read()
        except OSError:
            status, words = 502, b"sorry, come back later\n"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(words)


HTTPServer(("0.0.0.0", 8000), Shop).serve_forever()
