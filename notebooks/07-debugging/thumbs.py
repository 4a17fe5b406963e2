"""Makes a thumbnail of a picture of SIDE by SIDE points."""

import os

side = int(os.environ.get("SIDE", "5000"))
print(f"reading a picture of {side} by {side} points", flush=True)
picture = bytearray(b"\xff" * (side * side * 3))
print(f"thumbnail made from {len(picture) // 2**20} MiB", flush=True)
