"""Ask the app for its version, again and again, until there is a file named stop; print each answer."""

import json
import pathlib
import time
import urllib.request

started = time.monotonic()
stop = pathlib.Path("12-ecr/work/stop")
while not stop.exists():
    try:
        with urllib.request.urlopen("http://localhost:9210/health", timeout=2) as answer:
            said = f"{json.load(answer)['version']} answers"
    except OSError:  # nobody listens, nobody answers in time, or the answer is "not now"
        said = "no answer"
    print(f"{(time.monotonic() - started) * 1000:.0f},{said}", flush=True)
    time.sleep(0.05)
