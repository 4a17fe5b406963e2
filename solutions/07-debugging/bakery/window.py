import os
import urllib.request

from door import serve


def look(path):
    with urllib.request.urlopen(os.environ["PANTRY"] + path, timeout=5) as reply:
        return f"today: {reply.read().decode().strip()}"


serve(look)
