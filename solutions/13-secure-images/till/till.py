"""The till on port 8000: shows the price list and its stamp, takes orders and lists them."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOME = Path(__file__).parent
PRICES = HOME / "prices.json"
ORDERS = Path(os.environ.get("ORDERS", HOME / "orders"))


class Till(BaseHTTPRequestHandler):
    """One request after the other, each a line in the log."""

    def do_GET(self):
        """/prices is the stamped list, /orders what was ordered today."""
        if self.path.startswith("/prices"):
            self.answer(200, PRICES.read_text())
        elif self.path == "/orders":
            today = ORDERS / "today.txt"
            self.answer(200, today.read_text() if today.exists() else "")
        else:
            self.answer(404, "no such page\n")

    def do_POST(self):
        """An order is a line in a file below ORDERS."""
        order = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        try:
            ORDERS.mkdir(exist_ok=True)
            with (ORDERS / "today.txt").open("a") as today:
                today.write(f"{order}\n")
        except OSError as error:
            print(f"order lost: {error}", flush=True)
            self.answer(500, f"order lost: {error}\n")
        else:
            self.answer(200, "noted\n")

    def answer(self, status, text):
        """Send *text*."""
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())


print("the till is open", json.loads(PRICES.read_text())["stamp"][:8], flush=True)
ThreadingHTTPServer(("", 8000), Till).serve_forever()
