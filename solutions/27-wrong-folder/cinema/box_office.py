"""The box office of a cinema: says what is on this week. A week.cache, if there is one, comes first."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
CACHE, WEEK = HERE / "week.cache", HERE / "week.csv"


class BoxOffice(BaseHTTPRequestHandler):
    """Answers every request with the week's films."""

    def do_GET(self):
        """Show the films."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write((CACHE if CACHE.exists() else WEEK).read_bytes())

    def log_message(self, *_):
        """Note what was asked for."""
        print("asked for", self.path, flush=True)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", 8000), BoxOffice)
    print("the box office is open", flush=True)
    server.serve_forever()
