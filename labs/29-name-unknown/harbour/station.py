"""A station of the harbour: says its word, or passes on what the station says that it ASKS."""

import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME, ASKS = os.environ["NAME"], os.environ.get("ASKS", "")


class Station(BaseHTTPRequestHandler):
    """Answers every request, with 502 when the next station is not to be had."""

    def do_GET(self):
        """Say the word, or ask on."""
        status, text = 200, f"{NAME} reports: wind from the west\n".encode()
        if ASKS:
            try:
                with urllib.request.urlopen(f"http://{ASKS}:8000{self.path}", timeout=3) as answer:
                    text = f"{NAME} has heard: ".encode() + answer.read()
            except OSError as error:
                status, text = 502, f"{NAME} hears nothing\n".encode()
                print("no answer:", error, flush=True)
        print("asked for", self.path, flush=True)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Say nothing more."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", 8000), Station)
    print(NAME, "listens", flush=True)
    server.serve_forever()
