# Three seconds of rest, three of computing, three of holding 150 MiB.
import time


def until(end):
    return time.monotonic() < end


start = time.monotonic()
time.sleep(3)
while until(start + 6):
    sum(range(10_000))
held = bytearray(b"x" * (150 * 1024 * 1024))
time.sleep(max(0.0, start + 9 - time.monotonic()))
