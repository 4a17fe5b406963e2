"""A process beside the kernel that writes the engine's events into the journal, and outlives a killed kernel.

The kernel tells it on standard input, one JSON object a line: a cell began ({"cell": true}) or ended
({"cell": false}), a cell started a process group ({"group": 123, "born": "…"}). When that input ends while a
cell is open, the kernel was killed: the keeper ends those groups and writes what they still brought about.
Then it goes. It knows nothing of whose things are.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.ledger import events, groups
from course.ledger.clock import EngineClock, engine_errors
from course.ledger.journal import Journal

if TYPE_CHECKING:
    import docker

SETTLE_NS = 10**9  # how long the engine may take over what a killed client had asked for
LAST_SECONDS = 8  # the keeper ends this long after its kernel, whatever hangs
IMAGE_ACTIONS = {"create", "tag", "pull", "load", "import"}

Message = tuple[str, Any]


@dataclass
class Keeper:
    """What the keeper knows while it runs."""

    journal: Journal
    clock: EngineClock
    client: docker.DockerClient
    inbox: queue.SimpleQueue[Message] = field(default_factory=queue.SimpleQueue)
    cell_open: bool = False
    groups: dict[int, str] = field(default_factory=dict)
    engine_lost: bool = False
    images_changed: bool = False

    def run(self, since: int) -> None:
        """Follow engine and kernel until there is nothing left to follow."""
        for target, *arguments in ((self._hear_kernel,), (self._hear_engine, since)):
            threading.Thread(target=target, args=arguments, daemon=True).start()
        while self._take(*self.inbox.get()):
            if self.images_changed and self.inbox.empty():
                self._note_images()

    def _hear_kernel(self) -> None:
        for line in open(0, "rb", buffering=0, closefd=False):  # noqa: SIM115 — ends with the process
            self.inbox.put(("kernel", json.loads(line)))
        signal.alarm(LAST_SECONDS)
        self.inbox.put(("kernel gone", None))

    def _hear_engine(self, since: int) -> None:
        """Only read and pass on: the engine drops whoever listens too slowly."""
        with contextlib.suppress(*engine_errors()):
            for event in events.live(self.client, since):
                self.inbox.put(("event", event))
        print("the engine is gone", file=sys.stderr, flush=True)
        self.inbox.put(("engine gone", None))

    def _take(self, what: str, content: Any) -> bool:
        """Act on one message; False when that was the last."""
        if what == "event":
            self._event(content)
        elif what == "kernel" and "group" in content:
            self.groups[content["group"]] = content["born"]
        elif what == "kernel":
            self.cell_open = content["cell"]
            self.groups.clear()
        elif what == "engine gone":
            self.engine_lost = True
        else:
            self._finish()
            return False
        return self.cell_open or not self.engine_lost

    def _event(self, event: events.Event) -> None:
        events.note(self.journal, event)
        if event["Type"] == "container" and event["Action"] == "create":
            events.note_volumes(self.journal, self.client, self.clock, event["Actor"]["ID"])
        self.images_changed |= event["Type"] == "image" and event["Action"] in IMAGE_ACTIONS

    def _note_images(self) -> None:
        self.images_changed = False
        events.note_images(self.journal, self.client, self.clock)

    def _finish(self) -> None:
        """Write down what isn't yet; in mid-cell, end what the cell started and see what comes of it."""
        for group, born in self.groups.items():
            groups.end(group, born)
        settle = SETTLE_NS if self.cell_open else 0
        with contextlib.suppress(*engine_errors()):
            events.catch_up(self.journal, self.client, self.clock.latest() + settle)
        if self.cell_open:
            self._note_images()
            self.journal.append("dead", self.clock.latest())


def main(arguments: list[str]) -> None:
    """`python -m course.ledger.keeper JOURNAL SINCE AHEAD DOUBT` (three times ns); the kernel runs it."""
    from course import engine

    path, since, ahead, doubt = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Keeper(Journal(Path(path)), EngineClock(int(ahead), int(doubt)), engine.client()).run(int(since))


if __name__ == "__main__":
    main(sys.argv[1:])
