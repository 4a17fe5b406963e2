"""The departure board of one tram stop: a page that says when the next trams leave."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADDRESS = os.environ.get("BOARD_ADDRESS", "127.0.0.1")
PORT = int(os.environ.get("BOARD_PORT", "8000"))


class Board(BaseHTTPRequestHandler):
    """Answers every request with the same two trams, and repeats what it was asked for."""

    def do_GET(self):
        """Show the board."""
        text = f"Market Square ({self.path}): line 2 in 3 min, line 7 in 9 min\n"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Note what was asked for."""
        print("asked for", self.path, flush=True)


if __name__ == "__main__":
    server = ThreadingHTTPServer((ADDRESS, PORT), Board)
    print("the board of Market Square is lit", flush=True)
    server.serve_forever()
