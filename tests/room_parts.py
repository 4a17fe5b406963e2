"""A room of the tests' own, with two learners, and what one of them tries in order to cross over."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.visitor import Visitor
from course import bootstrap, engine, places
from course.engine.daemon import until
from course.workshop import free_port

PYTHON = places.ROOT / ".venv-room/bin/python"
OPEN_SECONDS = 300.0
CLOSE_SECONDS = 60.0
NAMES = ("ada", "bob")
CARD = re.compile(r"name</dt><dd>(\w+)</dd><dt>word</dt><dd>([\w-]+)")


@dataclass
class Room:
    """A room by its folder, its address and the words on its cards; *process* is `python -m room`."""

    folder: Path
    port: int
    environment: dict[str, str]
    words: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where its learners come."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        """What it printed."""
        return (self.folder / "said").read_text()

    def open(self) -> None:
        """Open it, and wait until it says so."""
        (self.folder / "names").write_text("\n".join(NAMES))
        words: list[str | Path] = [
            PYTHON, "-m", "room", "--learners", self.folder / "names", "--port", str(self.port),
            "--host", "127.0.0.1", "--chapters", "00-start", "--serve", "busybox:1.37",
            "--cards", self.folder / "cards.html",
        ]  # fmt: skip
        with (self.folder / "said").open("wb") as out:
            self.process = subprocess.Popen(
                words, cwd=places.ROOT, env=self.environment, stdout=out, stderr=out,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        process = self.process
        until(lambda: process.poll() is not None or "is open" in self.said, OPEN_SECONDS)
        assert "is open" in self.said, self.said
        self.words |= dict(CARD.findall((self.folder / "cards.html").read_text()))

    def kill(self) -> None:
        """End the command in a way in which it can't clean up."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> int:
        """Press Ctrl-C and wait for the end; gives the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(CLOSE_SECONDS)

    def visitor(self, name: str) -> Visitor:
        """*name*, logged in with the card."""
        return Visitor(self.address, name).log_in(self.words[name])

    def containers(self) -> list[str]:
        """The names of its containers on the engine."""
        rows = engine.client().api.containers(all=True, filters={"label": f"course.room={self.home}"})
        return sorted(row["Names"][0].strip("/") for row in rows)

    @property
    def home(self) -> Path:
        """Where it keeps its files."""
        return self.folder / "room"

    def mounts(self) -> list[str]:
        """What is mounted below its home."""
        lines = Path("/proc/self/mounts").read_text().splitlines()
        return [line for line in lines if str(self.home) in line]

    def processes(self) -> list[str]:
        """The command lines of its processes: hub, proxy, page, relays."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                known = f"COURSE_ROOM_OF={self.home}".encode() in (place / "environ").read_bytes().split(
                    b"\0"
                )
                words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if known and words:
                found.append(words)
        return found

    def disks(self) -> list[str]:
        """The disk files that a loop device holds open."""
        backing = Path("/sys/block").glob("loop*/loop/backing_file")
        return [text for file in backing if str(self.home) in (text := file.read_text())]


def environment(folder: Path) -> dict[str, str]:
    """That of a room with its files in *folder*."""
    import os

    own = {"COURSE_ROOM": str(folder / "room"), "PYTHONPATH": str(places.ROOT)}
    return os.environ | own


@contextmanager
def room(folder: Path) -> Iterator[Room]:
    """A room that isn't open yet; however the block ends, it is closed, and its disks are gone."""
    if not (places.ROOT / ".venv-room/.ready").exists():
        subprocess.run([sys.executable, bootstrap.__file__, "room"], check=True, cwd=places.ROOT)
    made = Room(folder, free_port(0), environment(folder))
    try:
        yield made
    except Exception:
        print((made.home / "hub.log").read_text()[-8000:])
        raise
    finally:
        if made.process is not None and made.process.poll() is None:
            made.interrupt()
        subprocess.run([PYTHON, "-m", "room", "--clear"], cwd=places.ROOT, env=made.environment, check=True)
        shutil.rmtree(made.home)


# Run in a learner's kernel, in his containers too: which of the ADDRESSES answer to whoever asks from there.
REACHED = """
import json, socket
def reached(addresses):
    found = []
    for host, port in addresses:
        try:
            socket.create_connection((host, port), timeout=0.3).close()
        except OSError:
            continue
        found.append(f"{host}:{port}")
    return found
print("reached", json.dumps(reached(ADDRESSES)))
"""
