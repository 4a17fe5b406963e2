# Answers each request with GREETING, and prints one line for it. /fail is a request that goes wrong.
import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Desk(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/fail":
            raise RuntimeError("the drawer is stuck")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"{os.environ['GREETING']}\n".encode())
        print(f"answered {self.path}", flush=True)

    def log_message(self, *words):
        pass


HTTPServer(("0.0.0.0", 8000), Desk).serve_forever()
