"""The parcel counter of a village post office, over HTTP on port 8000; receipts are made in receipt.py."""

import json
import os
import signal
import sys
import tempfile
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import receipt

ABOUT = json.loads(zipfile.ZipFile(sys.argv[0]).read("about.json"))
LEDGER = Path("/data/ledger.txt")
WORD = Path(os.environ.get("DESK_WORD_FILE", "/run/secrets/desk_word"))


def faults():
    """Why no parcel can be taken in now."""
    found = [] if os.access(WORD, os.R_OK) else [f"{WORD} can't be read"]
    return found + ([] if os.access(LEDGER.parent, os.W_OK) else [f"{LEDGER.parent} can't be written"])


class Counter(BaseHTTPRequestHandler):
    """One visitor at the counter."""

    def do_GET(self):
        """/about tells the version and its seal, /health whether all is well, /ledger every parcel."""
        path = self.path.partition("?")[0]
        if path == "/about":
            self.answer(200, json.dumps(ABOUT))
        elif path == "/health":
            self.answer(503 if faults() else 200, "; ".join(faults()) or "well")
        elif path == "/ledger":
            self.answer(200, LEDGER.read_text() if LEDGER.exists() else "")
        else:
            self.answer(404, "nothing here")

    def do_POST(self):
        """A parcel is a line in the ledger: who took it in, and what it is. The answer is its receipt."""
        try:
            with tempfile.TemporaryFile() as bench:
                bench.write(self.rfile.read(int(self.headers.get("content-length", 0))))
                bench.seek(0)
                parcel = " ".join(bench.read().decode().split())
            with LEDGER.open("a") as ledger:
                ledger.write(f"{ABOUT['version']} {ABOUT['seal'][:12]} {parcel}\n")
            self.answer(200, receipt.make(WORD.read_text().strip(), parcel))
        except OSError as error:
            print(f"parcel refused: {error}", flush=True)
            self.answer(500, f"parcel refused: {error}")

    def answer(self, status, text):
        """Send *text* as one line or more."""
        self.send_response(status)
        self.end_headers()
        self.wfile.write(f"{text.rstrip()}\n".encode())

    def log_message(self, form, *words):
        """A line for each request, where `docker logs` reads."""
        print(form % words, flush=True)


signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
ThreadingHTTPServer.daemon_threads = True
ThreadingHTTPServer(("", 8000), Counter).serve_forever()
