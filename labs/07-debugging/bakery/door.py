"""How every program of the bakery answers: on port 8000, with one line in the log for each request."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


def serve(answer):
    """Answer each request with what *answer* makes of its path; what goes wrong becomes status 500."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                status, words = 200, answer(self.path)
            except Exception as error:
                status, words = 500, note(error)
            print(f"asked for {self.path}: {status}", flush=True)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(f"{words}\n".encode())

        def log_message(self, *words):
            pass

    HTTPServer(("0.0.0.0", 8000), Door).serve_forever()


def note(error):
    """Keep what went wrong, and give the words for the customer."""
    with Path("/var/tmp/bakery.log").open("a") as log:
        log.write(f"{type(error).__name__}: {error}\n")
    return "sorry"
