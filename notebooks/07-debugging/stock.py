"""Tells what is in stock."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class Stock(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self):
        """Answer one request."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"12 lamps\n")


HTTPServer(("0.0.0.0", 9000), Stock).serve_forever()
