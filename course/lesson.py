"""What a notebook calls: `start`, `predict`, `quiz`, `check`, `hint`, `leftovers` …; it draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import engine, kit, labs, ledger, places, practice, shell
from course.errors import CourseError, full_disk_in_words
from course.practice import review as reviews

if TYPE_CHECKING:
    from course.checks import Hint, Judgement

__all__ = [
    "check", "clean", "happened", "hint", "judge", "leftovers", "predict", "progress", "puzzle", "quiz",
    "review", "start",
]  # fmt: skip


class LessonError(CourseError):
    """A notebook called something in the wrong place or order."""


@dataclass
class Session:
    """One notebook's run in one kernel."""

    name: str
    recorder: ledger.Recorder
    sitting: practice.Sitting
    hints_given: dict[str, int] = field(default_factory=dict)
    unwatch: Callable[[], None] = lambda: None

    def close(self) -> None:
        """End what was begun with it."""
        self.unwatch()
        self.recorder.close()


# A kernel runs one notebook, so it has one session; a list, so that nothing is rebound from afar.
_sessions: list[Session] = []


@full_disk_in_words()
def start(name: str) -> None:
    """Make everything ready for chapter *name* ("06-ports") or lab *name* ("labs/06-ports").

    In this order: the current context is none that an earlier run chose, the engine answers, what an earlier
    run left is gone, the names and ports that the notebook needs are free or named, its images are here,
    `%%shell` works and what the cells make is recorded.
    """
    _end()
    ledger.put_context_back(print)
    found = engine.find()
    print(f"engine {engine.client().version()['Version']} ({found.source})")
    recorder = ledger.Recorder(_slug(name), keep=_kit_tags())
    try:
        recorder.clean()
        _report_held(name, recorder)
        _get_images(name)
        recorder.begin()
    except BaseException:
        recorder.close()
        raise
    session = Session(name, recorder, practice.Sitting(name))
    _sessions.append(session)
    ipython = _ipython()
    if ipython is not None:
        shell.load(ipython, env=engine.environment(), started=recorder.child_started)
        recorder.watch(ipython)
        session.unwatch = session.sitting.watched(ipython)
    session.sitting.note("started")
    print(f"{name} is ready.")


def predict(key: str, *choices: str, mine: str) -> None:
    """Keep your guess *mine*, one of *choices*, before the next cell shows what happens."""
    if mine not in choices:
        print(f"No prediction yet. In place of {mine!r} put one of: {', '.join(choices)}.")
        return
    _session().sitting.predict(key, choices, mine)
    print(f"Kept: {mine}.")


def happened(key: str, what: str) -> None:
    """Set *what* happened beside what you predicted under *key*."""
    mine = _session().sitting.happened(key, what)
    if mine is None:
        print(f"It was: {what}.")
        return
    print(
        f"It was: {what}. You predicted: {mine}." + (" Right." if mine == what else " Worth a second look.")
    )


def quiz(part: str, *, mine: str) -> practice.Sheet:
    """Ask this notebook's questions of *part* ("warm-up", "check"); *mine* answers them: "b a ? d"."""
    return _session().sitting.quiz(part, mine)


def check() -> Judgement:
    """Judge this lab's end state: a table of promises, what was seen, and points."""
    lab = _lab_of(_session())
    judgement = judge(lab, Path.cwd())
    _session().sitting.note(
        "checked", earned=judgement.earned, points=judgement.points, passed=list(judgement.named("pass")),
        checks=labs.version(labs.find(lab))[:12], engine=engine.client().version()["Version"],
    )  # fmt: skip
    return judgement


def hint() -> Hint | None:
    """The next hint for the first promise that doesn't hold yet; three levels, then the last again."""
    from course import checks

    session, lab = _session(), labs.find(_lab_of(_session()))
    loaded = labs.load_checks(lab)
    found = checks.next_hint(loaded, judge(lab.slug, Path.cwd()), session.hints_given)
    if found is None:
        print("Every promise that could be looked at holds: there is nothing to hint at.")
    else:
        session.hints_given[found.check] = found.level
    return found


def judge(lab: str, folder: Path | None = None) -> Judgement:
    """Judge the end state of *lab*, with the answer files in *folder* (default: the lab's own folder)."""
    from course import checks

    found = labs.find(lab)
    system = checks.System(engine.client(), folder or found.folder)
    return checks.judge(labs.load_checks(found), system)


def puzzle(name: str, *, mine: practice.Mine) -> practice.Page:
    """Show puzzle *name*, or build what *mine* makes of it: "3 1 2", or a word for each blank."""
    return _session().sitting.puzzle(name, mine)


def review(*, mine: str) -> practice.Sheet | practice.Nothing:
    """Ask again what was missed and is due today; *mine* answers: "b a ? d". It needs no engine."""
    return reviews.today(practice.own(), mine)


def progress() -> practice.Progress:
    """How far you are: chapters, labs, time, and the topics that went wrong most."""
    return practice.read(practice.own())


def leftovers() -> None:
    """Say whether anything that this notebook made is still on the engine; if not, its run ends here."""
    session = _session()
    found = session.recorder.leftovers()
    for thing in found.strangers:
        print(f"made by something else meanwhile, left alone: {thing.kind} {thing.name}")
    for reference in found.missing:
        print(f"was here before and is gone: image {reference}")
    if found.ours or found.missing:
        for thing in found.ours:
            print(f"still here: {thing.kind} {thing.name}; remove it with: {ledger.command(thing)}")
        return
    print("Nothing that this notebook made is left on the engine.")
    session.sitting.note("finished", cells=session.sitting.cells + 1, of=len(_code(session.name)))
    # Only who guessed or answered gets a word on it, so an unanswered notebook prints the same everywhere.
    print(session.sitting.summary(), end="")
    _end()


def clean(name: str | None = None) -> int:
    """From outside: remove what notebook *name* (default: every one) left behind; gives an exit code."""
    ledger.put_context_back(print)
    engine.find()
    slugs = [_slug(name)] if name else list(ledger.chapters())
    kept = 0
    for slug in slugs:
        outcome = ledger.clean(slug, print, _kit_tags())
        kept += len(outcome.kept)
        for each in outcome.kept:
            print(f"kept {each.thing.kind} {each.thing.name}: {each.why}")
        print(f"{slug}: {len(outcome.removed)} removed, {len(outcome.kept)} kept")
    print("Nothing was recorded, so nothing was removed." if not slugs else "Done.")
    return 1 if kept else 0


def _session() -> Session:
    if not _sessions:
        raise LessonError(
            "This notebook's set-up cell has not run in this kernel.", "run the notebook from its top"
        )
    return _sessions[0]


def _end() -> None:
    while _sessions:
        _sessions.pop().close()


def _lab_of(session: Session) -> str:
    if not session.name.startswith("labs/"):
        raise LessonError(f"{session.name} is a chapter; only labs are judged.", "open its lab under labs/")
    return session.name.removeprefix("labs/")


def _slug(name: str) -> str:
    """The journal's name: a lab's differs from its chapter's."""
    return f"lab-{name.removeprefix('labs/')}" if name.startswith("labs/") else name


def _notebook(name: str) -> Path:
    if name.startswith("labs/"):
        return labs.find(name.removeprefix("labs/")).notebook
    return places.notebooks() / f"{name}.ipynb"


def _code(name: str) -> list[str]:
    return [labs.source(cell) for cell in labs.read(_notebook(name))["cells"] if cell["cell_type"] == "code"]


def _report_held(name: str, recorder: ledger.Recorder) -> None:
    for each in ledger.held(ledger.needs_of(_code(name)), engine.client(), recorder.left_by_others()):
        print(f"✗ {each.what} is held by {each.holder}. This notebook needs it.\n  Next: {each.cure}")


def _kit_tags() -> list[str]:
    """What other chapters need too: a notebook may remove such an image itself, its clean-up never does."""
    return [image.tag for image in kit.manifest().images]


def _get_images(name: str) -> None:
    if name.startswith("labs/"):
        tags = labs.images(labs.find(name))
    else:
        tags = tuple(image.tag for image in kit.for_chapter(name.removesuffix("-more")))
    kit.ensure(tags)
    for row in kit.status(tags):
        print(f"  {row.tag:<18} {row.words()}")


def _ipython() -> Any:
    from IPython import get_ipython

    return get_ipython()
