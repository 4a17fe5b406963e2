"""How long writes take in each folder given: until the program goes on, or until the disk has them."""

import os
import sys
import time
from pathlib import Path

RUNS = 15
WRITES = {
    "record + fsync": (4096, 1, True),
    "16 MiB + fsync": (1 << 20, 16, True),
    "16 MiB alone": (1 << 20, 16, False),
}


def milliseconds(folder, size, pieces, sync):
    """Write *pieces* times *size* bytes to a new file, and wait for the disk where *sync* says so."""
    data = os.urandom(size)  # random, so that no disk can make it smaller
    with Path(folder, "written").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(pieces):
            file.write(data)
        if sync:
            os.fsync(file.fileno())  # wait until the disk says that it has it
        return (time.perf_counter() - began) * 1000


print("place,write,milliseconds")
for write, how in WRITES.items():
    for _ in range(RUNS if how[0] == 4096 else 5):
        for folder in sys.argv[1:]:  # they take turns, so that a busy moment falls on all of them
            print(f"{folder.strip('/')},{write},{milliseconds(folder, *how):.4f}")
