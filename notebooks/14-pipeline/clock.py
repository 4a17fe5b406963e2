"""Read a pipeline's log as it comes, and print when each step began: time (ms), whose run, which step."""

import re
import sys
import time

for line in sys.stdin:
    step = re.search(r"── (?P<stage>\w+)|(?P<waits>another run is under way)|(?P<end>[✓✗])", line)
    if step:
        name = step["stage"] or ("waits" if step["waits"] else "end")
        print(f"{time.time() * 1000:.0f},{sys.argv[1]},{name}", flush=True)
