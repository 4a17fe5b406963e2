"""A kernel's record of the chapter it runs: lock, journal, keeper; knows nothing of the chapter's content."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course import engine, places
from course.ledger import cleanup, clock, contexts, events, groups, locks, windows
from course.ledger.attribution import attribute
from course.ledger.journal import SUFFIX, Journal
from course.ledger.snapshot import snapshot
from course.ledger.things import Leftovers, Thing

KEEPER_SECONDS = 12  # more than a keeper takes to end after its kernel
Say = Callable[[str], object]


class Recorder:
    """Records what chapter *slug* makes on the engine; holds the engine's chapter lock until closed.

    In this order: `clean` removes what an earlier run left, `begin` starts the journal (when the chapter's
    images are there), `watch` follows a notebook's cells, or `with recorder.cell(source)` one by hand.
    *folder* is where Compose files of the chapter may lie (default: the working directory). *keep* are image
    references that are never the chapter's, whatever its cells did with them: the kit's.
    """

    def __init__(self, slug: str, folder: Path | None = None, keep: Iterable[str] = ()) -> None:
        self.slug = slug
        self._keep = frozenset(keep)
        self._folder = (folder or Path.cwd()).resolve()
        self._client = engine.client()
        self._environment = engine.environment()
        self._clock, told = clock.compare(self._client)
        place = home(told["ID"])
        self.journal = Journal(place / f"{slug}{SUFFIX}")
        self._keeper: subprocess.Popen[bytes] | None = None
        self._keeper_lock = place / "keeper.lock"
        self._depth = 0
        self._ipython: Any = None
        self._lock = locks.take(place / "chapter.lock", slug)
        with self._closed_on_error():
            os.close(self._wait_for_last_keeper())
        _let_go_in_forks(self)

    def clean(self, say: Say = print) -> cleanup.Outcome:
        """Remove what an earlier run of the chapter left, or this one made, and forget that run."""
        self._end_run()
        self._close_unseen_death()
        outcome = cleanup.remove(self.leftovers().ours, self._client, say)
        self.journal.forget()
        for kept in outcome.kept:
            self.journal.append("owned", self._clock.latest(), thing=asdict(kept.thing))
        return outcome

    def leftovers(self) -> Leftovers:
        """What the chapter made and is still there, and what something else made meanwhile."""
        events.catch_up(self.journal, self._client, self._clock.latest())
        found = attribute(self.journal.read(), snapshot(self._client))
        return Leftovers(self._but_kept(found.ours), self._but_kept(found.strangers), found.missing)

    def _but_kept(self, things: tuple[Thing, ...]) -> tuple[Thing, ...]:
        return tuple(thing for thing in things if thing.kind != "image" or thing.name not in self._keep)

    def left_by_others(self) -> dict[Thing, str]:
        """What other chapters left on the engine, each with its chapter's slug."""
        now = snapshot(self._client)
        found: dict[Thing, str] = {}
        for slug in _slugs(self.journal.path.parent):
            if slug != self.slug:
                journal = Journal(self.journal.path.with_name(f"{slug}{SUFFIX}"))
                found |= dict.fromkeys(attribute(journal.read(), now).ours, slug)
        return found

    def begin(self) -> None:
        """From now on the cells count: what is on the engine now was there before."""
        self.journal.append("start", self._clock.earliest(), pid=os.getpid(), folder=str(self._folder))
        events.note_images(self.journal, self._client, self._clock)
        contexts.note(self.journal, self._clock)
        self._start_keeper()

    def watch(self, ipython: Any) -> None:
        """Follow the cells that *ipython* runs, from the next one on."""
        ipython.events.register("pre_run_cell", self._before_cell)
        ipython.events.register("post_run_cell", self._after_cell)
        self._ipython = ipython

    @contextlib.contextmanager
    def cell(self, source: str) -> Iterator[None]:
        """A cell with this *source* runs inside the `with`."""
        self._open(source)
        try:
            yield
        finally:
            self._shut()

    def said(self, text: str) -> None:
        """Add to the running cell's text: what it runs without showing it (a command built by a helper)."""
        if self._depth:
            self.journal.append("said", self._clock.latest(), text=text)

    def child_started(self, group: int) -> None:
        """The running cell started process group *group*, which is to end if the kernel is killed."""
        if self._depth:
            self._tell(group=group, born=groups.birth(group))

    def close(self) -> None:
        """Stop recording, end the keeper, free the chapter; what the chapter made stays."""
        if self._ipython is not None:
            self._ipython.events.unregister("pre_run_cell", self._before_cell)
            self._ipython.events.unregister("post_run_cell", self._after_cell)
            self._ipython = None
        self._end_run()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _before_cell(self, info: Any) -> None:
        self._open(info.raw_cell)

    def _after_cell(self, _result: Any) -> None:
        self._shut()

    def _open(self, source: str) -> None:
        self._depth += 1
        if self._depth > 1:  # a cell that runs a cell
            self.said(source)
            return
        events.note_images(self.journal, self._client, self._clock)
        contexts.note(self.journal, self._clock)
        if self._keeper is not None and self._keeper.poll() is not None:
            self._start_keeper()
        self.journal.append("cell", self._clock.earliest(), text=source)
        self._tell(cell=True)

    def _shut(self) -> None:
        if not self._depth:  # it began before anyone watched, as a set-up cell does
            return
        self._depth -= 1
        if not self._depth:
            events.note_volumes(self.journal, self._client, self._clock)
            events.note_images(self.journal, self._client, self._clock)
            self.journal.append("end", self._clock.latest())
            self._tell(cell=False)

    def _end_run(self) -> None:
        """No more is recorded. A set-up cell that runs again ends the run that it is itself part of."""
        self._depth = min(self._depth, 1)
        self._shut()
        if self._keeper is not None:
            self._hang_up()
            try:
                self._keeper.wait(KEEPER_SECONDS)
            except subprocess.TimeoutExpired:
                self._keeper.kill()
            self._keeper = None

    def _close_unseen_death(self) -> None:
        """End a cell that kernel and keeper were in when both died, before later events are added."""
        died = windows.died_unseen(self.journal.read())
        if died is not None:
            self.journal.append("dead", died)

    def _wait_for_last_keeper(self) -> int:
        return locks.wait(self._keeper_lock, KEEPER_SECONDS, "The end of the last kernel's record keeper")

    def _start_keeper(self) -> None:
        """Start it and don't wait: it follows the events from the last one in the journal."""
        lock = self._wait_for_last_keeper()
        since = events.last(self.journal.read())
        with (self.journal.path.parent / "keeper.log").open("wb") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-m", "course.ledger.keeper", str(self.journal.path),
                 str(since), str(self._clock.ahead), str(self._clock.doubt)],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=places.ROOT, env=self._environment,
                pass_fds=[lock],  # the keeper holds its lock from its first moment to its last
                start_new_session=True,  # who kills the kernel's group must not kill the keeper
            )  # fmt: skip
        os.close(lock)
        assert self._keeper.stdin is not None
        os.set_blocking(self._keeper.stdin.fileno(), False)

    def _tell(self, **message: Any) -> None:
        """Tell the keeper; one that is gone or hangs must not hold the cell up."""
        if self._keeper is not None and self._keeper.stdin is not None:
            with contextlib.suppress(BrokenPipeError, BlockingIOError):
                os.write(self._keeper.stdin.fileno(), (json.dumps(message) + "\n").encode())

    def _hang_up(self) -> None:
        if self._keeper is not None and self._keeper.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._keeper.stdin.close()

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _let_go(self) -> None:
        """In a forked child: it must not keep the lock, nor the keeper waiting, when the kernel dies."""
        self._hang_up()
        if self._lock >= 0:
            os.close(self._lock)
        self._keeper, self._lock = None, -1


def _let_go_in_forks(recorder: Recorder) -> None:
    known = weakref.ref(recorder)

    def let_go() -> None:
        found = known()
        if found is not None:
            found._let_go()

    os.register_at_fork(after_in_child=let_go)


def home(engine_id: str) -> Path:
    """The folder of an engine's journals and locks, made when first asked for."""
    folder = places.state() / "ledger" / engine_id.replace(":", "-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def chapters() -> tuple[str, ...]:
    """Slugs of the chapters that have a journal on this engine."""
    return _slugs(home(engine.engine_id()))


def _slugs(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(file.name.removesuffix(SUFFIX) for file in folder.glob(f"*{SUFFIX}")))


def clean(slug: str, say: Say = print, keep: Iterable[str] = ()) -> cleanup.Outcome:
    """From outside: remove what chapter *slug* left on the engine; refused while its kernel runs."""
    with Recorder(slug, keep=keep) as recorder:
        return recorder.clean(say)
