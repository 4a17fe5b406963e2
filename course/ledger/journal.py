"""An append-only file of what happened, one JSON object a line; knows the lines' shape, not their meaning."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.errors import CourseError

# The number is the format of the lines: raise it when they change, and no start stumbles over old ones.
SUFFIX = ".1.jsonl"


@dataclass(frozen=True)
class Entry:
    """One line of a journal: what *kind* of thing happened, when (engine's ns), and its details."""

    kind: str
    at: int
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Journal:
    """The journal of one chapter on one engine, at *path*."""

    path: Path

    def append(self, kind: str, at: int, **details: Any) -> None:
        """Add one line; it outlives this process from the moment this returns.

        The kernel and its keeper both write: each line is one write to a file opened for appending, so
        that lines never mix. A line starts with its line break, so that one cut short (disk full) spoils
        no other.
        """
        line = "\n" + json.dumps({"kind": kind, "at": at, **details}, separators=(",", ":"))
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            whole = os.write(file, line.encode()) == len(line.encode())
        except OSError as error:
            raise _unwritten(str(error)) from error
        finally:
            os.close(file)
        if not whole:
            raise _unwritten("the disk is full")

    def read(self) -> tuple[Entry, ...]:
        """Every whole line, by the engine's clock; none when there is no file."""
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            return ()
        return tuple(sorted(_entries(text.splitlines()), key=lambda entry: entry.at))

    def mentions(self, words: str) -> bool:
        """Whether *words* (plain ASCII) stand anywhere in the file; a hundred times quicker than `read`."""
        try:
            return words.encode() in self.path.read_bytes()
        except FileNotFoundError:
            return False

    def forget(self) -> None:
        """Remove the file; nothing happens when there is none."""
        self.path.unlink(missing_ok=True)


def _unwritten(why: str) -> CourseError:
    return CourseError(f"What this cell makes can't be written down: {why}.", "make room on the disk (df -h)")


def _entries(lines: Iterable[str]) -> Iterable[Entry]:
    for line in lines:
        with contextlib.suppress(ValueError):  # a line that was cut short
            details = json.loads(line)
            yield Entry(details.pop("kind"), details.pop("at"), details)
