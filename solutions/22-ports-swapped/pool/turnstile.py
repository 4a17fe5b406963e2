"""A turnstile that counts who comes in; each start puts in a new roll of tickets, with its own number."""

import os
import secrets
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ["PORT"])
ROLL = secrets.token_hex(4)


class Turnstile(BaseHTTPRequestHandler):
    """Lets everybody in, and says from which roll the ticket is."""

    def do_GET(self):
        """Give a ticket."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"one ticket of roll {ROLL} for {self.path}\n".encode())

    def log_message(self, *_):
        """Note whom it let in."""
        print("let in", self.path, flush=True)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", PORT), Turnstile)
    print("ready for guests; this roll is", ROLL, flush=True)
    server.serve_forever()
