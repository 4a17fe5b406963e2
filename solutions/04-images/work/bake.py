"""Make 30 MB of dough, and bake a small file of bread from it."""

import hashlib
import os
from pathlib import Path

dough = os.urandom(30_000_000)
Path("dough.bin").write_bytes(dough)
for _ in range(20):
    hashlib.sha256(dough).hexdigest()
Path("bread.txt").write_text("12 loaves from 30 MB of dough\n")
