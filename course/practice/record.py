"""The learner's own record: one file, one line for each thing done; knows nothing of what the lines mean."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from course import places
from course.errors import CourseError, full_disk_in_words
from course.ledger import locks

FILE = "progress.jsonl"
WAIT_SECONDS = 10.0
# What earlier versions kept in two files, and what its lines are called here.
EARLIER = {"predictions.jsonl": "chapter", "results.jsonl": "lab"}

Say = Callable[[str], object]


class RecordError(CourseError):
    """The record can't be read or written, for a reason outside the course."""


@dataclass(frozen=True)
class Row:
    """One line: *when* it happened, *what* it was, in which *notebook*, and its details."""

    when: datetime
    what: str
    notebook: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """The row as its line in the file."""
        head = {"at": self.when.isoformat(timespec="seconds"), "what": self.what, "notebook": self.notebook}
        return json.dumps(head | dict(self.details), ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Record:
    """The record at *path*. Who reads or writes holds the lock beside it, so two notebooks lose nothing."""

    path: Path
    say: Say = print

    def rows(self) -> tuple[Row, ...]:
        """Every row, oldest first. A file with lines that can't be read is set aside whole, in words."""
        with self._held():
            return self._read()

    def add(self, what: str, notebook: str, **details: Any) -> Row:
        """Put one row behind the others and give it back."""
        row = Row(now(), what, notebook, details)
        with self._held():
            self._read()
            self._append(row.line().encode())
        return row

    def forget(self, is_meant: Callable[[Row], bool]) -> int:
        """Take the rows out that are meant; says how many there were."""
        with self._held():
            rows = self._read()
            kept = [row for row in rows if not is_meant(row)]
            if len(kept) < len(rows):
                self._replace(kept)
            return len(rows) - len(kept)

    @contextmanager
    def _held(self) -> Iterator[None]:
        with full_disk_in_words(), self._in_words():
            lock = locks.wait(self.path.with_suffix(".lock"), WAIT_SECONDS, "A turn at your record")
            try:
                self._take_over_earlier()
                yield
            finally:
                os.close(lock)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise RecordError(
                f"Your record {self.path} can't be used: {error.strerror}.",
                f"see whose it is (ls -ld {self.path.parent} {self.path}), and make it yours",
            ) from error

    def _read(self) -> tuple[Row, ...]:
        lines = self.path.read_bytes().splitlines() if self.path.exists() else []
        read = {number: _row(line) for number, line in enumerate(lines, 1) if line.strip()}
        rows = [row for row in read.values() if row]
        damaged = [number for number, row in read.items() if row is None]
        if damaged:
            self._set_aside(rows, damaged)
        return tuple(rows)

    def _set_aside(self, rows: list[Row], damaged: list[int]) -> None:
        kept = _free_name(self.path, f"damaged-{now():%Y%m%d-%H%M%S}")
        shutil.copy2(self.path, kept)
        self._replace(rows)
        self.say(
            f"{self.path.name} can't be read in line {', '.join(map(str, damaged))}. "
            f"The file as it was is kept as {kept}; its {len(rows)} other lines go on."
        )

    def _append(self, line: bytes) -> None:
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            before = os.fstat(file).st_size
            if before and os.pread(file, 1, before - 1) != b"\n":
                line = b"\n" + line
            # A line cut short by an end of the disk goes again: what is whole stays whole.
            try:
                if os.write(file, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
            except OSError:
                os.ftruncate(file, before)
                raise
        finally:
            os.close(file)

    def _replace(self, rows: list[Row]) -> None:
        """Put a whole new file in the old one's place; a kill leaves the one or the other."""
        fresh = self.path.with_suffix(".new")
        with fresh.open("wb") as out:
            out.writelines(row.line().encode() for row in rows)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(self.path)

    def _take_over_earlier(self) -> None:
        """Rows of the two files of earlier versions come first; the files stay under new names."""
        files = {self.path.with_name(name): where for name, where in EARLIER.items()}
        if self.path.exists() or not any(file.exists() for file in files):
            return
        there = {file: where for file, where in files.items() if file.exists()}
        rows = [row for file, where in there.items() for row in _earlier(file, where)]
        self._replace(sorted(rows, key=lambda row: row.when))
        for file in there:
            file.rename(_free_name(file, "old"))


def own() -> Record:
    """The learner's record, in the course's state folder; COURSE_RECORD names another file.

    An author who stores outputs needs one apart, for pages that show the record.
    """
    return Record(Path(os.environ.get("COURSE_RECORD") or places.state() / FILE))


def now() -> datetime:
    """The time, with this machine's distance from UTC."""
    return datetime.now().astimezone()


def _row(line: bytes) -> Row | None:
    """The row of one line; None where it isn't one."""
    try:
        content = json.loads(line)
        when = datetime.fromisoformat(content.pop("at"))
        row = Row(when.astimezone() if when.tzinfo is None else when, content.pop("what"),
                  content.pop("notebook"), content)  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return row if isinstance(row.what, str) and isinstance(row.notebook, str) else None


def _earlier(file: Path, where: str) -> Iterator[Row]:
    names = {"predictions.jsonl": "predicted", "results.jsonl": "checked"}
    for line in file.read_bytes().splitlines():
        try:
            content = json.loads(line)
            content["what"] = "happened" if "happened" in content else names[file.name]
            if "happened" in content:
                content["right"] = content["mine"] == content["happened"]
            content["notebook"] = content.pop(where)
        except (ValueError, KeyError, TypeError):
            continue
        row = _row(json.dumps(content).encode())
        if row:
            yield row


def _free_name(path: Path, word: str) -> Path:
    """A name beside *path* that nothing has yet."""
    names = (path.with_name(f"{path.name}.{word}{f'-{n}' if n else ''}") for n in range(1000))
    return next(name for name in names if not name.exists())
