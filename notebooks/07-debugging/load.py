"""Three rounds: two seconds of rest, two of computing, two of holding 150 MiB."""

import time

for _ in range(3):
    start = time.monotonic()
    time.sleep(2)
    while time.monotonic() < start + 4:
        sum(range(10_000))
    held = bytearray(b"x") * (150 * 1024 * 1024)
    time.sleep(max(0.0, start + 6 - time.monotonic()))
    del held
