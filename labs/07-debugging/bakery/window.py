"""Shows what PANTRY tells."""

import os
import urllib.request

from door import serve


def look(path):
    """Ask the pantry."""
    with urllib.request.urlopen(os.environ["PANTRY"] + path, timeout=5) as reply:
        return f"today: {reply.read().decode().strip()}"


serve(look)
