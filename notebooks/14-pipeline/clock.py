"""Put the time (ms) and a name in front of each line that comes in."""

import sys
import time

for line in sys.stdin:
    print(f"{time.time() * 1000:.0f},{sys.argv[1]},{line.removeprefix('remote: ').strip()}", flush=True)
