"""Sends mail through MAIL_HOST."""

import os
from http.server import HTTPServer, SimpleHTTPRequestHandler

host = os.environ["MAIL_HOST"]
print(f"sending through {host}", flush=True)
HTTPServer(("0.0.0.0", 8000), SimpleHTTPRequestHandler).serve_forever()
