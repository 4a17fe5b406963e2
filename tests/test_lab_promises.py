"""The promises that labs keep are themselves kept: each is shown a lab that breaks it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lab_promises
import lab_trials
import pages
import pytest
import small_lab
import style_chapter
import style_code
import style_prose
from lab_trials import Trials, Unproven
from small_lab import SmallLab, code, write

from benchmarks import incidents
from course import labs, places, scaffold
from course.labs import Lab, LabError
from course.practice import questions

Break = Callable[[SmallLab], object]


def test_a_lab_that_keeps_every_promise_shows_no_fault(tmp_path: Path) -> None:
    """The lab that the tests below break is whole before they do."""
    lab = SmallLab().written(tmp_path)
    trials = Trials(lab)
    faults = [fault for promise in lab_promises.ALL for fault in promise(lab)]
    faults += trials.faults_of_solution() + trials.faults_as_handed_out()
    assert faults + [fault for wrong in lab.wrong for fault in trials.faults_of_wrong(wrong)] == []


def test_an_incident_that_keeps_every_promise_shows_no_fault(tmp_path: Path) -> None:
    """So is the incident that the tests below break: broken at first, and mended by two answers."""
    lab = small_lab.incident().written(tmp_path)
    trials = Trials(lab)
    faults = [fault for promise in lab_promises.ALL for fault in promise(lab)]
    faults += trials.faults_of_solution() + trials.faults_as_handed_out()
    assert faults + [fault for other in lab.others for fault in trials.faults_of_other(other)] == []
    assert (len(lab.others), len(labs.load_symptoms(lab))) == (1, 1)


def move_check_first(cells: list[small_lab.Cell]) -> None:
    """Put the check cell before the answers."""
    cells.insert(0, cells.pop(2))


BROKEN = {
    "a frozen cell is changed in the solution": lambda lab: lab.solved[0].update(source="# another"),
    "a cell's tags are changed in the solution": lambda lab: lab.solved[0].update(metadata={"tags": ["x"]}),
    "the solution lacks the answer cell": lambda lab: lab.solved.pop(1),
    "the answer cell has another id in the solution": lambda lab: lab.solved[1].update(id="digits"),
    "the solution has a cell more": lambda lab: lab.solved.append(code("more", "1")),
    "two cells change places in the solution": lambda lab: move_check_first(lab.solved),
    "the answer stands in the lab": lambda lab: lab.handed_out[1].update(source=write("1 2 3")),
    "two cells have one id": lambda lab: lab.both(lambda cells: cells[3].update(id="check")),
    "a cell has no id": lambda lab: lab.both(lambda cells: cells[3].pop("id")),
    "the set-up names another lab": lambda lab: lab.both(lambda cells: cells[0].update(source="91-other")),
    "an answer's id says nothing": lambda lab: lab.both(lambda cells: cells[1].update(id="3f2a9c1b")),
    "no cell is an answer": lambda lab: lab.both(lambda cells: cells[1].update(metadata={})),
    "no cell has the id check": lambda lab: lab.both(lambda cells: cells[2].update(id="test")),
    "the check stands before the answer": lambda lab: lab.both(move_check_first),
    "nothing follows the check": lambda lab: lab.both(lambda cells: cells.pop()),
    "the lab holds a count": lambda lab: lab.handed_out[0].update(execution_count=1),
    "the lab holds an output": lambda lab: lab.handed_out[0].update(outputs=[{"output_type": "stream"}]),
    "two checks are too few": lambda lab: setattr(lab, "checks", without_the_last(lab.checks)),
    "two wrong answers are too few": lambda lab: lab.wrong.pop("no-one.toml"),
    "no wrong answer fails a check": lambda lab: lab.wrong.update({"no-one.toml": lab.wrong["no-two.toml"]}),
}  # fmt: skip


def without_the_last(checks: str) -> str:
    """The checks without the third."""
    return checks[: checks.rindex("@check")]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_lab_that_is_made_wrongly_is_told(broken: Break, tmp_path: Path) -> None:
    """Each way of making a lab wrongly is found without running it."""
    small = SmallLab()
    broken(small)
    lab = small.written(tmp_path)
    found = []
    for promise in lab_promises.ALL:
        try:
            found += promise(lab)
        except LabError as error:
            found.append(str(error))
    assert found


UNFIT = {
    "is no check": small_lab.wrong("four", "1 2"),
    "is no answer cell": small_lab.wrong("one", "2").replace("numbers =", "digits ="),
    "names no check": small_lab.wrong("one", "2 3").replace("['one']", "[]"),
    "is the solution": small_lab.wrong("one", "1 2 3"),
    "answers nothing": "why = 'x'\nfails = ['one']\n[answers]\n",
    "doesn't say why": small_lab.wrong("one", "2 3").replace("one is missing", " "),
    "holds why, answers": "why = 'x'\n[answers]\n",
    "is no TOML": "why = ",
    "has a why of another kind": small_lab.wrong("one", "2 3").replace("'one is missing'", "3"),
    "has a numbers of another kind": "why = 'x'\nfails = ['one']\n[answers]\nnumbers = 3\n",
    "holds why, fails, weight": small_lab.wrong("one", "2 3").replace("[answers]", "weight = 3\n[answers]"),
}


@pytest.mark.parametrize("words", UNFIT)
def test_a_wrong_answer_that_fits_nothing_is_refused(words: str, tmp_path: Path) -> None:
    """Unknown cells or checks, a missing part, nothing that fails: an error that says which."""
    lab = SmallLab(wrong={"unfit.toml": UNFIT[words]}).written(tmp_path)
    with pytest.raises(LabError, match=words):
        _ = lab.wrong


UNFIT_OTHERS = {
    "is no answer cell": small_lab.other("3 2 1").replace("numbers =", "digits ="),
    "is the solution": small_lab.other("1 2 3"),
    "holds why, fails, answers": small_lab.wrong("one", "3 2 1"),
}


@pytest.mark.parametrize("words", UNFIT_OTHERS)
def test_another_right_answer_that_fits_nothing_is_refused(words: str, tmp_path: Path) -> None:
    """It names answer cells, differs from the solution, and has nothing that it fails."""
    lab = SmallLab(other={"unfit.toml": UNFIT_OTHERS[words]}).written(tmp_path)
    with pytest.raises(LabError, match=words):
        _ = lab.others


BROKEN_INCIDENTS: dict[str, dict[str, Any]] = {
    "it has no symptom": {"checks": small_lab.INCIDENT_CHECKS},
    "no other right answer": {"other": {}},
    "more than 16": {"handed_out": small_lab.cells("#") + [code(f"more-{n}", "1") for n in range(13)]},
    "hint 2 of one says 'open'": {
        "checks": small_lab.INCIDENT_CHECKS.replace("Count.", "Count, or open it.") + small_lab.SYMPTOM
    },
    "hint 1 of two shows 'docker start x'": {
        "checks": small_lab.INCIDENT_CHECKS.replace("I looked.", "Try `docker start x`.") + small_lab.SYMPTOM
    },
    "hint 2 of one holds the command": {
        "checks": small_lab.INCIDENT_CHECKS.replace("Count.", "`docker ps --all`")
        .replace('open("numbers.txt", "w")', "`docker  ps --all`") + small_lab.SYMPTOM
    },
}  # fmt: skip


@pytest.mark.parametrize("words", BROKEN_INCIDENTS)
def test_an_incident_that_is_made_wrongly_is_told(words: str, tmp_path: Path) -> None:
    """No symptom, one way alone, too long, a hint that says too much: each is found without running it."""
    small = small_lab.incident()
    for part, value in BROKEN_INCIDENTS[words].items():
        setattr(small, part, value)
    lab = small.written(tmp_path)
    assert words in str([fault for promise in lab_promises.ALL for fault in promise(lab)])


def test_another_right_answer_that_earns_less_is_told(tmp_path: Path) -> None:
    """Checks that know one way alone are a fault of the lab, and so is an answer that isn't right."""
    small = small_lab.incident()
    small.other = {"forgetful.toml": small_lab.other("3 2")}
    lab = small.written(tmp_path)
    assert "earns not all" in str(Trials(lab).faults_of_other(lab.others[0]))


def test_an_incident_that_begins_well_is_told(tmp_path: Path) -> None:
    """Where the story isn't true before the first answer, nothing is to be mended."""
    small = small_lab.incident()
    small.handed_out[0]["source"] += '\nopen("numbers.txt", "w").write("4")'
    small.solved[0]["source"] = small.handed_out[0]["source"]
    found = str(Trials(small.written(tmp_path)).faults_as_handed_out())
    assert "before the answers nothing_is_there isn't true: numbers.txt is there." in found


def test_the_soak_counts_an_incident_that_begins_well(tmp_path: Path) -> None:
    """One start of a broken system is a row that says so, and one of a sound system says what was seen."""
    small = small_lab.incident()
    assert incidents.begun(small.written(tmp_path / "broken"), 1)["broken"] is True
    small.both(lambda cells: cells[0].update(source='open("numbers.txt", "w").write("4")'))
    row = incidents.begun(small.written(tmp_path / "well"), 1)
    assert (row["broken"], row["note"]) == (False, "nothing_is_there: numbers.txt is there.")


def test_an_incident_that_stays_broken_is_told(tmp_path: Path) -> None:
    """A symptom that the solution doesn't cure says nothing about the fault."""
    small = small_lab.incident()
    small.checks = small.checks.replace('each.name == "numbers.txt"', 'each.name == "letters.txt"')
    assert "still nothing_is_there is true" in str(Trials(small.written(tmp_path)).faults_of_solution())


@pytest.mark.parametrize(
    "place", ["labs/90-small/app.js", "solutions/90-small/app.js", "solutions/90-small/wrong/x.tml"]
)
def test_a_file_on_one_side_alone_is_told(place: str, tmp_path: Path) -> None:
    """A starter file that the solution lacks, or a wrong answer that nobody reads, is found."""
    lab = SmallLab().written(tmp_path)
    (tmp_path / place).write_text("")
    assert lab_promises.solution_folder_mirrors_the_lab(lab)


def test_a_wrong_answer_that_passes_is_told(tmp_path: Path) -> None:
    """What the checks don't catch is a fault of the lab."""
    trials, wrong = a_wrong_answer(SmallLab(), small_lab.wrong("one", "3 2 1 0"), tmp_path)
    assert "should fail" in str(trials.faults_of_wrong(wrong))


def test_a_wrong_answer_that_fails_more_than_it_names_is_told(tmp_path: Path) -> None:
    """A check that blames an innocent part is a fault of the lab."""
    trials, wrong = a_wrong_answer(SmallLab(), small_lab.wrong("three", "1"), tmp_path)
    assert "should fail" in str(trials.faults_of_wrong(wrong))


def test_a_check_that_breaks_on_a_wrong_answer_is_told(tmp_path: Path) -> None:
    """An exception other than Unmet isn't a failure of the learner."""
    small = SmallLab(
        checks=small_lab.CHECKS.replace('"3")\n', '"3") + str(1 / (len(system.file("numbers.txt")) - 3))')
    )
    trials, wrong = a_wrong_answer(small, small_lab.wrong("two", "1 3"), tmp_path)
    assert "checks broke" in str(trials.faults_of_wrong(wrong))


def test_nothing_that_must_fail_counts_before_the_solution_has_passed(tmp_path: Path) -> None:
    """Where even the solution fails, a failing wrong answer proves nothing."""
    small = SmallLab(solved=small_lab.cells(write("1 2")), wrong={})
    trials, wrong = a_wrong_answer(small, small_lab.wrong("one", "2"), tmp_path)
    assert "earns not all" in str(trials.faults_of_solution())
    for must_fail in (trials.faults_as_handed_out, lambda: trials.faults_of_wrong(wrong)):
        with pytest.raises(Unproven):
            must_fail()


def a_wrong_answer(small: SmallLab, text: str, root: Path) -> tuple[Trials, labs.WrongAnswer]:
    """Trials of *small* with one wrong answer more, and that answer."""
    small.wrong["a-wrong-one.toml"] = text
    lab = small.written(root)
    return Trials(lab), next(wrong for wrong in lab.wrong if wrong.file.name == "a-wrong-one.toml")


def test_a_lab_that_earns_points_as_handed_out_is_told(tmp_path: Path) -> None:
    """Points for doing nothing are a fault of the lab."""
    small = SmallLab(handed_out=small_lab.cells(write("3")))
    assert "earns points" in str(Trials(small.written(tmp_path)).faults_as_handed_out())


def test_a_lab_that_shows_an_error_as_handed_out_is_told(tmp_path: Path) -> None:
    """A learner who runs all cells of a fresh lab sees no error."""
    small = SmallLab(handed_out=small_lab.cells("your turn"))
    assert "SyntaxError" in str(Trials(small.written(tmp_path)).faults_as_handed_out())


def test_a_solution_that_shows_an_error_is_told(tmp_path: Path) -> None:
    """All points don't excuse a cell that fails."""
    small = SmallLab(solved=small_lab.cells(write("1 2 3") + "; 1 / 0"))
    assert "ZeroDivisionError" in str(Trials(small.written(tmp_path)).faults_of_solution())


def test_a_check_that_changes_its_mind_is_told(tmp_path: Path) -> None:
    """Judging twice must say the same, so a check shows no time and doesn't count its own visits."""
    checks = small_lab.CHECKS.replace("holds {number}.", "holds {__import__('time').time_ns()}.")
    small = SmallLab(checks=checks)
    assert "two judgements differ" in str(Trials(small.written(tmp_path)).faults_of_solution())


def test_a_clean_up_that_leaves_a_file_is_told(tmp_path: Path) -> None:
    """After the last cell the work folder is as it was handed out."""
    small = SmallLab()
    small.both(lambda cells: cells[3].update(source="pass"))
    assert "file numbers.txt" in str(Trials(small.written(tmp_path)).faults_of_solution())


def test_a_clean_up_that_leaves_a_container_is_told_and_removed(tmp_path: Path) -> None:
    """After the last cell the engine is as it was; what isn't is named, and the harness takes it away."""
    from course import engine

    make = (
        'import subprocess; subprocess.run(["docker", "create", "--name", "small-lab-left", "busybox:1.37"])'
    )
    small = SmallLab(solved=small_lab.cells(f"{write('1 2 3')}; {make}"))
    assert "container small-lab-left" in str(Trials(small.written(tmp_path)).faults_of_solution())
    assert engine.client().containers.list(all=True, filters={"name": "small-lab-left"}) == []


def test_an_answer_without_end_is_told_after_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run has one deadline for all its cells."""
    monkeypatch.setattr(lab_trials, "DEADLINE_SECONDS", 2.0)
    small = SmallLab(solved=small_lab.cells("while True: pass"))
    assert "CellTimeoutError" in str(Trials(small.written(tmp_path)).faults_of_solution())


def test_a_new_lab_keeps_every_promise_from_its_first_minute(tmp_path: Path) -> None:
    """What `new-lab` makes is whole, so that an author changes a lab that works."""
    scaffold.new_lab("91-brand-new", tmp_path)
    lab = labs.all_labs(tmp_path)[0]
    trials = Trials(lab)
    faults = [fault for promise in lab_promises.ALL for fault in promise(lab)]
    faults += trials.faults_of_solution() + trials.faults_as_handed_out()
    assert faults + [fault for wrong in lab.wrong for fault in trials.faults_of_wrong(wrong)] == []


def test_a_new_lab_never_overwrites_one(tmp_path: Path) -> None:
    """A slug that is taken is refused before anything is written."""
    scaffold.new_lab("91-brand-new", tmp_path)
    with pytest.raises(scaffold.ScaffoldError, match="is there already"):
        scaffold.new_lab("91-brand-new", tmp_path)


@pytest.mark.parametrize(
    "slug", ["ports", "6-ports", "06_ports", "06-Ports", "../06-ports", "06-ports/x", ""]
)
def test_a_slug_that_is_none_is_refused(slug: str, tmp_path: Path) -> None:
    """Two digits, then words in lower case: anything else is refused, and nothing is written."""
    with pytest.raises(scaffold.ScaffoldError):
        scaffold.new_lab(slug, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_new_chapter_keeps_the_house_style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The skeleton breaks no rule but those whose matter its author adds: outputs, pictures, the lab."""
    file, asked = scaffold.new_chapter("91-brand-new", tmp_path)
    page = pages.read(file, "chapter")
    rules = [*style_chapter.ALL, *style_prose.ALL, *style_code.ALL]
    faults = {rule.__name__: rule(page) for rule in rules if rule.__name__ != "links_lead_somewhere"}
    assert {name: found for name, found in faults.items() if found} == {}
    monkeypatch.setattr(places, "notebooks", lambda: tmp_path / "notebooks")
    assert asked.name == "91-brand-new.quiz.toml"
    assert {part: len(found) for part, found in questions.load("91-brand-new").items()} == {
        "warm-up": 2, "check": 2,
    }  # fmt: skip
    assert 'lesson.start("91-brand-new")' in file.read_text().replace('\\"', '"')


def test_a_lab_is_found_by_slug_path_and_notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All the ways in which people name a lab lead to it, from wherever they are."""
    lab = SmallLab().written(tmp_path)
    monkeypatch.chdir(lab.solutions)
    names: list[str | Path] = [f"labs/{lab.slug}", lab.folder, lab.notebook, f"labs/{lab.slug}/lab.ipynb"]
    assert {labs.find(name) for name in names} == {lab}
    monkeypatch.chdir(tmp_path / "labs")
    assert labs.find(lab.slug) == lab


def test_a_lab_that_isnt_there_is_told_with_those_that_are() -> None:
    """The message names the labs to choose from."""
    with pytest.raises(LabError, match="00-start"):
        labs.find("99-nowhere")


def test_a_folder_that_is_half_a_lab_is_an_error(tmp_path: Path) -> None:
    """A lab isn't passed over because a file of it is missing."""
    (tmp_path / "labs" / "92-half").mkdir(parents=True)
    with pytest.raises(LabError, match="lacks lab.ipynb and checks.py"):
        labs.all_labs(tmp_path)


def test_checks_are_read_afresh_and_leave_nothing_beside_them(tmp_path: Path) -> None:
    """A changed file counts at once, even within the same second, and no cache is written."""
    lab: Lab = SmallLab().written(tmp_path)
    before = labs.load_checks(lab)[0].promise, labs.version(lab)
    lab.checks_file.write_text(small_lab.CHECKS.replace("numbers.txt holds 1", "numbers.txt has a 1"))
    after = labs.load_checks(lab)[0].promise, labs.version(lab)
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert [file.name for file in lab.folder.iterdir() if file.is_dir()] == []


def test_checks_that_cant_be_loaded_are_told_with_their_file(tmp_path: Path) -> None:
    """An author sees which file and what, without a traceback."""
    lab = SmallLab(checks="def (").written(tmp_path)
    with pytest.raises(LabError, match=r"checks\.py can't be loaded: SyntaxError"):
        labs.load_checks(lab)


def test_two_submissions_that_answer_alike_have_one_hash() -> None:
    """The hash of a submission is of its answers, not of their order."""
    assert labs.submission({"a": "1", "b": "2"}) == labs.submission({"b": "2", "a": "1"})
    assert labs.submission({"a": "1"}) != labs.submission({"a": "2"})


def test_overlaying_an_unknown_cell_is_refused(tmp_path: Path) -> None:
    """An answer that no cell takes isn't lost in silence."""
    lab = SmallLab().written(tmp_path)
    with pytest.raises(LabError, match="digits"):
        labs.overlay(lab.notebook, {"digits": "1"})
