"""Say how far a long piece of work is: a bar in terminals and notebooks, plain lines elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

QUIET_SECONDS = 2.0
TICK_SECONDS = 0.5
LINE_SECONDS = 10.0
FORMATS = {
    "image": "{desc}: {n_fmt} of {total_fmt}, {elapsed}{postfix}",
    "s": "{desc}: {elapsed}{postfix}",
}
Say = Callable[[str], None]
Unit = Literal["B", "image", "notebook", "s"]


class Progress:
    """One piece of work under way; nothing is shown in its first two seconds."""

    def __init__(self, title: str, total: float | None, unit: Unit, say: Say) -> None:
        self.title, self.total, self.done, self.step = title, total, 0.0, ""
        self._unit, self._say, self._began = unit, say, time.monotonic()
        self._bar: Any = None
        self._spoke = self._began
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def add(self, amount: float) -> None:
        """So much more is done, in the unit of the total."""
        self.done += amount

    def at(self, done: float, total: float | None = None) -> None:
        """So much is done in all; *total* where it becomes known, or grows, on the way."""
        self.done, self.total = done, total or self.total

    def now(self, step: str) -> None:
        """What is being done right now, in a few words."""
        self.step = step

    def __enter__(self) -> Progress:
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ticker.join()
        if self._bar is not None:
            self._bar.close()

    def _tick(self) -> None:
        """Draw from a thread of its own: a bar must move while the work itself waits for an engine."""
        if self._over.wait(QUIET_SECONDS):
            return
        draw = self._draw if can_redraw() else self._speak
        draw()
        while not self._over.wait(TICK_SECONDS):
            draw()

    def _draw(self) -> None:
        from tqdm import tqdm

        # tqdm draws nothing in a terminal that gives its size as 0, as a CI's does.
        columns, rows = shutil.get_terminal_size((100, 24))
        if self._bar is None:
            scale = self._unit == "B"
            self._bar = tqdm(
                desc=self.title, total=self.total, unit=self._unit, unit_scale=scale, unit_divisor=1000,
                leave=False, file=sys.stdout, mininterval=0, miniters=0, delay=1e-6,
                nrows=rows, ncols=columns, bar_format=FORMATS.get(self._unit),
            )  # fmt: skip
            self._bar.start_t -= QUIET_SECONDS
        self._bar.ncols = columns
        self._bar.total, self._bar.n = self.total, self.done if self._unit == "B" else round(self.done)
        self._bar.set_postfix_str(self.step, refresh=False)
        self._bar.refresh()

    def _speak(self) -> None:
        now = time.monotonic()
        first = self._spoke == self._began
        if first or now - self._spoke >= LINE_SECONDS:
            self._spoke = now
            self._say(f"{self.title}: {self.words()}")

    def words(self) -> str:
        """How far it is, such as "12 of 40 MB, 3 s"."""
        seconds = f"{time.monotonic() - self._began:.0f} s"
        parts = [self._amount(), seconds, self._outlook(), self.step]
        return ", ".join(part for part in parts if part)

    def _outlook(self) -> str:
        """How many a minute, and how long the rest takes at that pace; a bar shows both by itself."""
        minutes = (time.monotonic() - self._began) / 60
        if self._unit != "notebook" or not self.done or not self.total or not minutes:
            return ""
        left = (self.total - self.done) * minutes / self.done
        return f"{self.done / minutes:.0f} a minute, about {left:.0f} min left"

    def _amount(self) -> str:
        if self._unit == "s" or not self.total:
            return ""
        if self._unit == "B":
            return f"{self.done / 1e6:.0f} of {self.total / 1e6:.0f} MB"
        return f"{self.done:.0f} of {self.total:.0f}"


def can_redraw() -> bool:
    """Whether a line once written can be written over: in a terminal, and in a notebook's output."""
    return sys.stdout.isatty() or in_notebook()


def in_notebook() -> bool:
    """Whether this Python is a notebook's kernel."""
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell else None
    return found is not None and hasattr(found, "kernel")


def counted(chunks: Iterable[bytes], progress: Progress) -> Iterator[bytes]:
    """*chunks*, with their bytes added to *progress* as they pass."""
    for chunk in chunks:
        progress.add(len(chunk))
        yield chunk
