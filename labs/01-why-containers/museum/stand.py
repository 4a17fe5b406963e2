"""Put a program behind port 8000: whoever asks for /WORD gets what the program makes of WORD."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer


def serve(answer: Callable[[str], str]) -> None:
    """Answer for ever."""

    class Stand(BaseHTTPRequestHandler):
        """One request."""

        def do_GET(self) -> None:
            """Hand the path on, without its slash."""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{answer(self.path.strip('/'))}\n".encode())

    HTTPServer(("", 8000), Stand).serve_forever()
