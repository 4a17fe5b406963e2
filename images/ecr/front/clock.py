"""`ecr-clock +13h`: set the server's clock ahead, so that what takes hours can be seen at once."""

from __future__ import annotations

import datetime
import os
import sys

from front import settings
from front.state import State


def main(words: list[str]) -> int:
    """Set the clock as *words* say, if they say anything, and print the server's time."""
    try:
        place = settings.read(os.environ)
        state = State(place.folder / "state.sqlite")
        if words:
            state.keep("shift", str(settings.seconds(words[0])))
    except settings.SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    moment = datetime.datetime.fromtimestamp(state.now(), datetime.UTC)
    print(f"{moment:%Y-%m-%dT%H:%M:%SZ}, {state.shift:+d} s from the true time")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
