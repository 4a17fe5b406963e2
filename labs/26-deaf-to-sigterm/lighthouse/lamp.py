"""The lamp of a lighthouse: burns until it is asked to end, and then signs the book."""

import secrets
import signal
from pathlib import Path

BOOK = Path("/book/nights.txt")
NIGHT = secrets.token_hex(4)


def put_out(*_):
    """Sign the book, and end well."""
    with BOOK.open("a") as book:
        book.write(f"night {NIGHT}: put out in good order\n")
    print("put out in good order", flush=True)
    raise SystemExit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, put_out)
    print("lit; this is night", NIGHT, flush=True)
    while True:
        signal.pause()
