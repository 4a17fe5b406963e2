"""One engine for all submissions, one after the other: for trusted notebooks, as nothing is fenced in."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from course import engine, kit, ledger
from course.checks import System
from course.grade.judging import OpenPlace, Place
from course.grade.runners import Runner, hand_over
from course.labs import Lab

READY_SECONDS = 60.0


@contextmanager
def opener() -> Iterator[OpenPlace]:
    """Gives what opens places that share this machine's engine, and one Python that has its imports done."""
    keep = [image.tag for image in kit.manifest().images]
    with tempfile.TemporaryDirectory(prefix="course-shared-") as name, ExitStack() as stack:
        folder = Path(name)
        recorder = stack.enter_context(ledger.Recorder("grade", folder, keep))
        recorder.clean(_quiet)
        stack.callback(recorder.clean, _quiet)
        recorder.begin()
        runner = stack.enter_context(_runner(folder))
        yield lambda lab, sources: _place(lab, sources, runner, recorder, folder)


@contextmanager
def _runner(folder: Path) -> Iterator[Runner]:
    (folder / "home").mkdir()
    command = [sys.executable, "-I", str(hand_over(folder / "inside")), "--home", str(folder / "home")]
    with subprocess.Popen(
        command,
        env=engine.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            runner = Runner(process)
            runner.ready(READY_SECONDS)
            yield runner
        finally:
            process.kill()


@contextmanager
def _place(
    lab: Lab, sources: Sequence[str], runner: Runner, recorder: ledger.Recorder, folder: Path
) -> Iterator[Place]:
    """A work folder and this machine's engine, from which what the submission made is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="lab-", dir=folder) as name:
        work = Path(name) / "labs" / lab.slug
        with recorder.cell("\n".join(sources)):
            yield Place(work, str(work), runner, lambda folder: System(engine.client(), folder))
        ledger.remove(recorder.leftovers().ours, engine.client(), _quiet)


def _quiet(_: object) -> None:
    """Say nothing."""
