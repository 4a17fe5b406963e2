"""Keep the mirror of the course's own engine filled while somebody works; knows nothing of who does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from course import engine, places
from course.errors import CourseError
from course.kit import mirror

END_SECONDS = 20.0
NEW_IMAGE = ["tag", "pull", "load", "import"]


@contextmanager
def in_background() -> Iterator[None]:
    """Fill the mirror, gently, in a process of its own for as long as the block lasts."""
    log = places.state() / "kit-background.log"
    with log.open("wb") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        yield
    finally:
        assert child.stdin is not None
        child.stdin.close()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()


def _end_with_parent() -> None:
    """A parent that is gone, however it went, closes our input."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGINT)


def main() -> None:
    """Fill the mirror now, and again whenever the engine gets an image."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(10)
    try:
        events = engine.client().events(decode=True, filters={"type": "image", "event": NEW_IMAGE})
        if mirror.for_engine(say=_say) is None:
            return
        for _ in events:  # some name a tag and some an ID, and looking at all tags takes a tenth of a second
            mirror.refill(say=_say)
    except CourseError as error:
        _say(str(error))
    except KeyboardInterrupt:
        return


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    main()
