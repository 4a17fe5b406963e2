"""The shelf of a post office: says how many parcels lie on it, to whoever asks on port 8000."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PARCELS = os.environ["PARCELS"]


class Shelf(BaseHTTPRequestHandler):
    """Answers every request with the number of parcels."""

    def do_GET(self):
        """Count."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{PARCELS} parcels\n".encode())

    def log_message(self, *_):
        """Note what was asked for."""
        print("asked for", self.path, flush=True)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", 8000), Shelf)
    print("the shelf is ready", flush=True)
    server.serve_forever()
