import traceback
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path


class Notes(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, words = 200, Path("/srv/notes/today.txt").read_bytes()
        except OSError:
            status, words = 500, b"internal error\n"
            with open("/var/tmp/notes.log", "a") as log:
                log.write(traceback.format_exc())
        self.send_response(status)
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *words):
        pass


HTTPServer(("0.0.0.0", 8000), Notes).serve_forever()
