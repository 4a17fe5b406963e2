"""Run a lab's notebook in a fresh kernel and judge what it leaves; trusts the notebook, so it's no grader."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from course import engine, kit, labs, ledger
from course.checks import Judgement, Symptom, System, Unmet, judge
from course.labs import CHECK_CELL, Lab, OtherAnswer, WrongAnswer, is_answer

DEADLINE_SECONDS = 120.0
# What every lab and chapter shares: no clean-up may take it.
KIT = frozenset(image.tag for image in kit.manifest().images)


class Unproven(AssertionError):
    """The solution doesn't pass on this engine, so a submission that fails here says nothing about checks."""


@dataclass
class Attempt:
    """What came of one run: errors by cell, *judged* judgements where the check cell stands, what was left.

    *left* is what the notebook's own clean-up left, *litter* what is there after the harness's as well.
    *well_before* and *well_after* are the symptoms that weren't there before the first answer and after the
    last, each with what was seen instead.
    """

    judged: int
    errors: dict[str, str] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)
    well_before: dict[str, str] = field(default_factory=dict)
    well_after: dict[str, str] = field(default_factory=dict)

    def disagreement(self) -> list[str]:
        """Judging again, each time with a nonce of its own, must say the same."""
        if not self.judgements or len(self.judgements) != self.judged:
            return [f"it was judged {len(self.judgements)} times, not {self.judged}; {self.errors}"]
        first, *more = (judgement.to_dict() for judgement in self.judgements)
        return [f"two judgements differ:\n{first}\n{each}" for each in more if each != first]

    def littered(self) -> list[str]:
        """What neither the clean-up nor the checks have taken away again."""
        return [f"the run has left {thing}" for thing in self.litter]

    def broken_checks(self) -> list[str]:
        """Checks that ended in an error of their own."""
        return [f"checks broke:\n{each}" for each in self.judgements[:1] if each.named("error")]


def run(lab: Lab, answers: Mapping[str, str], *, to_the_end: bool, judged: int = 2) -> Attempt:
    """Execute *lab* with *answers* in a work folder of its own, judge where the check cell stands.

    It is judged *judged* times, each time with a nonce of its own. *to_the_end* also runs what follows:
    `lesson.check()` and the clean-up. The engine is put back after.
    """
    return _run(lab, answers, "" if to_the_end else CHECK_CELL, judged)


def begin(lab: Lab) -> Attempt:
    """Execute of *lab* only what stands above its first answer, and look for its symptoms there."""
    return _run(lab, {}, next(iter(labs.answers(lab.notebook))))


def _run(lab: Lab, answers: Mapping[str, str], stop: str, judged: int = 0) -> Attempt:
    """Execute *lab* with *answers*, up to the cell *stop* (empty: all of it)."""
    attempt = Attempt(judged)
    notebook = nbformat.from_dict(labs.overlay(lab.notebook, answers))  # type: ignore[no-untyped-call]
    # The kernel keeps a ledger too, but one that a submission could have spoilt: this one is the harness's.
    with work_folder(lab) as folder, ledger.Recorder(f"trial-{lab.slug}", folder, KIT) as recorder:
        recorder.clean(quiet)
        before = ledger.snapshot(engine.client())
        recorder.begin()
        try:
            _execute(lab, notebook, folder, attempt, recorder, stop)
            made = [str(thing) for thing in recorder.leftovers().ours]
            attempt.left = [] if stop else made + _new_files(lab, folder)
        finally:
            recorder.clean(quiet)
        # A private engine of the test before may still be on its way out, so what is gone doesn't count.
        changes = ledger.diff(before, ledger.snapshot(engine.client()))
        attempt.litter = [change for change in changes if change.endswith(": new")]
    return attempt


def quiet(_: object) -> None:
    """Say nothing."""


@contextmanager
def work_folder(lab: Lab) -> Iterator[Path]:
    """A folder with the lab's starter files, beside a link to its labs/, where the notebook finds itself."""
    with tempfile.TemporaryDirectory(prefix="lab-") as name:
        folder = Path(name) / "work"
        folder.mkdir()
        (Path(name) / "labs").symlink_to(lab.folder.parent)
        for starter in lab.starters:
            copy = shutil.copytree if starter.is_dir() else shutil.copy2
            copy(starter, folder / starter.name)
        yield folder


def well(symptoms: tuple[Symptom, ...], system: System) -> dict[str, str]:
    """The symptoms that *system* doesn't have, each with what was seen instead."""
    found = {}
    for each in symptoms:
        try:
            each.observe(system)
        except Unmet as unmet:
            found[each.name] = unmet.seen
    return found


def _execute(
    lab: Lab,
    notebook: nbformat.NotebookNode,
    folder: Path,
    attempt: Attempt,
    recorder: ledger.Recorder,
    stop: str,
) -> None:
    checks, symptoms = labs.load_checks(lab), labs.load_symptoms(lab)
    first = next((cell.id for cell in notebook.cells if is_answer(cell)), None)
    end = time.monotonic() + DEADLINE_SECONDS
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        allow_errors=True,
        timeout_func=lambda _: max(1, int(end - time.monotonic())),
    )
    with client.setup_kernel(env=_environment(folder), cwd=str(folder)):
        for place, cell in enumerate(notebook.cells):
            if cell.id == first:
                attempt.well_before = well(symptoms, System(engine.client(), folder))
            if cell.id == CHECK_CELL:
                system = partial(System, engine.client(), folder)
                attempt.judgements = [judge(checks, system()) for _ in range(attempt.judged)]
            if cell.id == stop:
                return
            if cell.id == CHECK_CELL:
                attempt.well_after = well(symptoms, System(engine.client(), folder))
            try:
                with recorder.cell(cell.source):
                    client.execute_cell(cell, place)
            except (CellTimeoutError, DeadKernelError) as error:
                attempt.errors[cell.id] = f"{type(error).__name__}: {error}"
                return
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    attempt.errors[cell.id] = f"{output.ename}: {output.evalue}"


def _environment(folder: Path) -> dict[str, str]:
    """The kernel's: this process's engine, and state and profile of its own beside the work folder."""
    own = {"COURSE_STATE": str(folder.parent / "state"), "IPYTHONDIR": str(folder.parent / "ipython")}
    return os.environ | own


def _new_files(lab: Lab, folder: Path) -> list[str]:
    known = {starter.name for starter in lab.starters}
    return [f"file {each.name}" for each in folder.iterdir() if each.name not in known]


@dataclass
class Trials:
    """One lab on one engine: the solution first, because only then does a failure count."""

    lab: Lab

    @cached_property
    def solution(self) -> Attempt:
        """The run of the solution."""
        return run(self.lab, labs.answers(self.lab.solution), to_the_end=True)

    def faults_of_solution(self) -> list[str]:
        """The solution runs clean, cures what was wrong, earns all, says the same twice, leaves nothing."""
        return self._faults_of_right(self.solution)

    def faults_of_other(self, other: OtherAnswer) -> list[str]:
        """Another right answer is as good as the solution in all of that."""
        self.prove()
        answers = labs.answers(self.lab.solution) | other.answers
        return self._faults_of_right(run(self.lab, answers, to_the_end=True))

    def _faults_of_right(self, attempt: Attempt) -> list[str]:
        faults = _faults_of_a_clean_run(attempt) + attempt.disagreement() + attempt.littered()
        if attempt.judgements and not attempt.judgements[0].passed:
            faults.append(f"the solution earns not all:\n{attempt.judgements[0]}")
        names = {each.name for each in labs.load_symptoms(self.lab)}
        uncured = sorted(names - attempt.well_after.keys()) if attempt.judgements else []
        return faults + [f"it is solved, and still {name} is true" for name in uncured]

    def prove(self) -> None:
        """Raise Unproven unless the solution has passed here."""
        if faults := self.faults_of_solution():
            raise Unproven(f"{self.lab.slug}: the solution doesn't pass on this engine: {faults}")

    def faults_as_handed_out(self) -> list[str]:
        """The lab as handed out runs clean, is as broken as its story says, and earns nothing."""
        self.prove()
        attempt = run(self.lab, {}, to_the_end=True)
        faults = _faults_of_a_clean_run(attempt) + attempt.disagreement() + attempt.broken_checks()
        faults += attempt.littered()
        for when, found in (("before", attempt.well_before), ("after", attempt.well_after)):
            faults += [f"{when} the answers {name} isn't true: {seen}" for name, seen in found.items()]
        if attempt.judgements and attempt.judgements[0].earned:
            faults.append(f"it earns points as handed out:\n{attempt.judgements[0]}")
        return faults

    def faults_of_wrong(self, wrong: WrongAnswer, *, judged: int = 2) -> list[str]:
        """A wrong answer fails the checks it names and no others; those that need them are blocked."""
        self.prove()
        answers = labs.answers(self.lab.solution) | wrong.answers
        attempt = run(self.lab, answers, to_the_end=False, judged=judged)
        faults = attempt.disagreement() + attempt.broken_checks() + attempt.littered()
        for judgement in attempt.judgements[:1]:
            failed = judgement.named("fail")
            if set(failed) != set(wrong.fails):
                faults.append(f"it fails {failed}, and should fail {wrong.fails}:\n{judgement}")
        return faults


def _faults_of_a_clean_run(attempt: Attempt) -> list[str]:
    faults = [f"cell {cell} ends in {error}" for cell, error in attempt.errors.items()]
    return faults + [f"after the clean-up there is still {thing}" for thing in attempt.left]
