"""Submissions are graded as their labs say, on engines of their own, once each, and nothing stays behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from drawing import drawn
from lab_promises import is_incident

from course import labs, ledger
from course.engine import client
from course.engine.daemon import until
from course.grade import command, grading, private
from course.grade.command import Wish
from course.grade.results import Result, Store
from course.labs import Lab

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parent.parent
SLUGS = labs.slugs()
PRACTICE = "00-start"
# tests/test_labs.py proves of every lab that its solution earns all and that it earns nothing as handed out.
# A private engine must change nothing about it, which each `make test` proves of some: docs/decisions/0025.
INCIDENTS = [slug for slug in SLUGS if is_incident(labs.find(slug))]
OTHERS = [slug for slug in SLUGS if slug not in (PRACTICE, *INCIDENTS)]
UNTOUCHED = [PRACTICE, *drawn([*OTHERS, *INCIDENTS], 2, "labs graded as handed out")]
SOLVED = [PRACTICE, *drawn(OTHERS, 8, "labs graded solved"), *drawn(INCIDENTS, 2, "incidents graded solved")]


def hand_in(folder: Path, name: str, lab: Lab, answers: dict[str, str]) -> None:
    """A person's notebook in *folder*: the lab with *answers*."""
    (folder / name).mkdir(parents=True)
    (folder / name / "lab.ipynb").write_text(json.dumps(labs.overlay(lab.notebook, answers)))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """In one run of the grader: labs solved, labs as handed out, the practice lab's wrong answers."""
    folder = tmp_path_factory.mktemp("handed-in")
    for slug in SOLVED:
        lab = labs.find(slug)
        hand_in(folder, f"{slug} solved", lab, labs.answers(lab.solution))
    for slug in UNTOUCHED:
        hand_in(folder, f"{slug} untouched", labs.find(slug), {})
    lab = labs.find(PRACTICE)
    for wrong in lab.wrong:
        hand_in(folder, f"wrong {wrong.file.stem}", lab, labs.answers(lab.solution) | wrong.answers)
    store = Store(folder / "results")
    before = ledger.snapshot(client())
    _, tasks = grading.read([folder], "", store)
    for slug in {*SOLVED, *UNTOUCHED}:
        private.prepared(labs.find(slug))
    grading.side_by_side(tasks, private.place, 2, store.add)
    assert ledger.diff(before, ledger.snapshot(client())) == ()
    return {result.name: result for result in store.all()}


@pytest.mark.parametrize("slug", SOLVED)
def test_a_solution_earns_all_on_a_private_engine(slug: str, graded: dict[str, Result]) -> None:
    """Nothing about a private engine keeps a right answer from its points, at the first try."""
    result = graded[f"{slug} solved"]
    missed = [(each["name"], each["status"], each["seen"]) for each in result.checks if not each["earned"]]
    assert missed == [], result.cells
    assert (result.state, result.earned, result.tries) == ("graded", result.points, 1), result


@pytest.mark.parametrize("slug", UNTOUCHED)
def test_a_lab_as_handed_out_earns_nothing_there(slug: str, graded: dict[str, Result]) -> None:
    """An empty submission is graded, and gets no point."""
    result = graded[f"{slug} untouched"]
    assert (result.state, result.earned) == ("graded", 0), result


def test_a_wrong_answer_fails_exactly_what_it_names(graded: dict[str, Result]) -> None:
    """The grader says of the practice lab's wrong answers what the lab's own promises say."""
    found = labs.find(PRACTICE).wrong
    said = {
        wrong.file.stem: {
            check["name"] for check in graded[f"wrong {wrong.file.stem}"].checks if check["status"] == "fail"
        }
        for wrong in found
    }
    assert said == {wrong.file.stem: set(wrong.fails) for wrong in found}


def test_a_second_run_grades_nothing_again(tmp_path: Path) -> None:
    """The same answers under the same checks are kept; a changed answer and a changed name are graded."""
    lab, store = labs.find(PRACTICE), Store(tmp_path / "results")
    hand_in(tmp_path / "in", "ada", lab, {})
    _, tasks = grading.read([tmp_path / "in"], "", store)
    store.add(grading.broken(tasks[0], "made up"))
    assert len(grading.read([tmp_path / "in"], "", store)[1]) == 1, "an error is tried again"
    grading.side_by_side(tasks, private.place, 1, store.add)
    done, tasks = grading.read([tmp_path / "in"], "", store)
    assert ([result.name for result in done], tasks) == (["ada"], [])
    shutil.rmtree(tmp_path / "in")
    hand_in(tmp_path / "in", "ada", lab, labs.answers(lab.solution))
    assert len(grading.read([tmp_path / "in"], "", store)[1]) == 1, "another answer is graded"


def test_on_a_shared_engine_a_solution_earns_all_and_leaves_nothing(tmp_path: Path) -> None:
    """Trusted notebooks are graded in turn on the engine that is there, though their names are the same."""
    lab, before = labs.find(PRACTICE), ledger.snapshot(client())
    for name in ("ada", "bob"):
        hand_in(tmp_path / "in", name, lab, labs.answers(lab.solution))
    wish = Wish((tmp_path / "in",), shared=True, folder=tmp_path / "out")
    assert command.grade(wish, lambda words: None) == 0
    results = Store(tmp_path / "out" / "results").all()
    assert [(each.name, each.earned) for each in results] == [("ada", 3), ("bob", 3)]
    assert ledger.diff(before, ledger.snapshot(client())) == ()


def test_the_verb_writes_every_report_and_names_who_was_refused(tmp_path: Path) -> None:
    """`python -m course grade` ends with 0 when all could be judged, and a bad file is told, not graded."""
    hand_in(tmp_path / "in", "ada", labs.find(PRACTICE), {})
    (tmp_path / "in" / "bob.ipynb").write_text("no notebook")
    words = [sys.executable, "-m", "course", "grade", str(tmp_path / "in"), "--report", str(tmp_path / "out")]
    done = subprocess.run(words, cwd=ROOT, text=True, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It is no notebook" in done.stdout
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.html", "results.csv", "results.json", "junit.xml", "summary.md", "results"} <= names


def test_an_interrupted_run_leaves_no_engine_and_goes_on(tmp_path: Path) -> None:
    """After Ctrl-C in mid-run no private engine and no disk of that grader is left, and results are whole."""
    lab = labs.find(PRACTICE)
    for number in range(6):
        hand_in(tmp_path / "in", f"s{number}", lab, {})
    words = [sys.executable, "-m", "course", "grade", str(tmp_path / "in"), "--report", str(tmp_path / "out")]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    kept = tmp_path / "out" / "results"
    assert until(lambda: len(list(kept.glob("*.json"))) > 0, 120), "no result came within 120 s"
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 130, said
    assert engines_of(process.pid) == []
    store = Store(kept)
    done, tasks = grading.read([tmp_path / "in"], "", store)
    assert len(done) == len(store.all()) > 0
    assert len(done) + len(tasks) == 6


def engines_of(pid: int) -> list[str]:
    """Private engines and their folders that belong to the grader with number *pid*."""
    rows = client().api.containers(all=True, filters={"label": f"course.grader={pid}"})
    return [row["Names"][0] for row in rows] + [
        str(path) for path in Path("/tmp").glob(f"course-grader-{pid}-*")
    ]


def test_a_worker_lost_on_the_way_loses_nothing(tmp_path: Path) -> None:
    """Two Dask workers, one killed in mid-run: every submission has its right result, none twice."""
    lab = labs.find(PRACTICE)
    for number in range(6):
        answers = labs.answers(lab.solution) if number % 2 else {}
        hand_in(tmp_path / "in", f"s{number}", lab, answers)
    private.prepared(lab)
    _, tasks = grading.read([tmp_path / "in"], "", Store(tmp_path / "none"))
    found: list[Result] = []
    with scheduler(tmp_path) as address, worker(address) as first, worker(address):
        from course.grade import cluster

        def keep(result: Result) -> None:
            if not found:
                os.killpg(first.pid, signal.SIGKILL)
            found.append(result)

        cluster.grade(tasks, address, keep)
    private.sweep()
    points = sorted((each.name, each.state, each.earned) for each in found)
    assert points == [(f"s{number}", "graded", 3 * (number % 2)) for number in range(6)]


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    """A Dask scheduler on a free port; gives its address."""
    file = folder / "scheduler.json"
    words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", *words], start_new_session=True
    )
    try:
        assert until(file.exists, 60), "the scheduler never wrote its file"
        yield str(json.loads(file.read_text())["address"])
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def worker(address: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Dask worker with one thread and no nanny, so that killing it is the end of it."""
    words = [address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    process = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", *words], cwd=ROOT, start_new_session=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)
