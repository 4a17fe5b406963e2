"""Workflows keep learners' files away from rights, and their shell lines, run here for real, work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import workflow_rules as rules
import yaml  # type: ignore[import-untyped]
from workflow_rules import ROOT, RULES, Rule, Workflow

from course import debian, labs
from course.grade import command, grading, submission
from course.grade.command import Wish
from course.grade.report import machine
from course.grade.results import Result, Store, version

pytestmark = pytest.mark.fetches

FOLDER = ROOT / "docs" / "workflows"
FORK, CLASS, EXAM = (rules.read(FOLDER / f"{name}.yml") for name in ("learner-fork", "class", "exam"))
PRACTICE = "00-start"


@pytest.fixture(scope="module")
def jq() -> None:
    """GitHub's machines have it; this one gets it."""
    if debian.missing(["jq"]):
        debian.install(["jq"])


# The rules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("file", rules.FILES, ids=lambda file: file.name)
def test_a_workflow_keeps_the_rule(file: Path, rule: Rule) -> None:
    """No workflow of the course, nor one that is there to be copied, breaks a rule."""
    assert rule(rules.read(file)) == [], rule.__doc__


BROKEN: list[tuple[Rule, Workflow, str, str]] = [
    (rules.has_jobs_that_end, EXAM, "timeout-minutes: 350", "continue-on-error: true"),
    (rules.has_jobs_that_end, EXAM, "jobs:", "work:"),
    (rules.states_its_rights, CLASS, "permissions:\n  contents: read\n", ""),
    (rules.states_its_rights, CLASS, "permissions:\n  contents: read\n", "permissions: write-all\n"),
    (rules.states_its_rights, FORK, "      contents: read", "      contents: write"),
    (rules.is_started_by_nothing_dangerous, FORK, "pull_request:", "pull_request_target:"),
    (rules.is_started_by_nothing_dangerous, FORK, "workflow_dispatch:", "workflow_run:"),
    (rules.knows_no_secret, FORK, 'POINTS: "0"', "KEY: ${{ secrets.KEY }}"),
    (rules.knows_no_secret, FORK, 'POINTS: "0"', "KEY: ${{ secrets['KEY'] }}"),
    (rules.knows_no_secret, CLASS, "path: class", "path: class\n          token: ${{ github.token }}"),
    (rules.pins_actions_as_the_course_does, FORK, "checkout@v7", "checkout@main"),
    (rules.pins_actions_as_the_course_does, FORK, "checkout@v7", "checkout@v6"),
    (rules.pins_actions_as_the_course_does, FORK, "actions/upload-artifact@v7", "somebody/upload@v7"),
    (rules.leaves_no_credentials, FORK, "persist-credentials: false", "persist-credentials: true"),
    (rules.leaves_no_credentials, EXAM, "          persist-credentials: false\n", ""),
    (rules.puts_no_text_into_a_script, FORK, 'LAB="$LAB"', "LAB=${{ github.event.pull_request.title }}"),
    (rules.puts_no_text_into_a_script, CLASS, '"$SLICE~', '"${{ matrix.slice }}~'),
    (rules.puts_no_text_into_a_script, EXAM, '"$FOLDER" ../', '"${{ inputs.folder }}" ../'),
    (rules.stops_in_a_pipe, CLASS, "shell: bash", "shell: sh"),
    (rules.calls_what_is_there, FORK, "sudo make grade", "sudo make grades"),
    (rules.calls_what_is_there, CLASS, "-C course grade PATHS=", "-C course grade FILES="),
    (rules.calls_what_is_there, FORK, "sudo make grade", "python -m course judge"),
    (rules.grades_with_the_courses_grader, FORK, "repository: ${{ env.COURSE }}", "fetch-depth: 1"),
    (rules.grades_with_the_courses_grader, CLASS, "make -C course", "make -C class"),
    (rules.grades_with_the_courses_grader, EXAM, "env.COURSE", "github.repository"),
    (rules.runs_nothing_of_a_fork, FORK, "- uses: actions/upload", "- run: ls\n      - uses: actions/upload"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "workflow", "old", "new"),
    [pytest.param(*each, id=f"{each[0].__name__}-{number}") for number, each in enumerate(BROKEN)],
)
def test_a_rule_sees_what_breaks_it(rule: Rule, workflow: Workflow, old: str, new: str) -> None:
    """Each rule finds a fault in a workflow of ours that is broken in its way."""
    assert old in workflow.text
    assert rule(rules.parsed(workflow.text.replace(old, new)))


def test_every_rule_is_shown_a_workflow_that_breaks_it() -> None:
    """No rule is left that never had to find anything."""
    assert {rule for rule, *_ in BROKEN} == set(RULES)


def test_a_workflow_that_is_no_yaml_is_seen() -> None:
    """A tab, which YAML doesn't take, ends the reading."""
    with pytest.raises(yaml.YAMLError):
        rules.parsed(FORK.text.replace("  grade:", "\tgrade:"))


def test_the_page_lists_every_workflow() -> None:
    """docs/grading.md names each file that can be copied, and each says that GitHub has not seen it."""
    page = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
    assert sorted(set(re.findall(r"\]\(workflows/([^)]+)\)", page))) == sorted(
        f.name for f in FOLDER.iterdir()
    )
    for file in FOLDER.iterdir():
        assert "It has not been tried on GitHub." in file.read_text(encoding="utf-8"), file.name


def test_the_two_lines_that_slice_are_one() -> None:
    """The last job looks for hand-ins by the line by which the slices did."""
    assert CLASS.script("slice", "slice") == CLASS.script("report", "slice")


# The shell lines


def run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run *script* as GitHub does with `shell: bash`; what it puts out for later steps is added to stdout."""
    output = folder / "github-output"
    output.write_text("")
    env = os.environ | {"GITHUB_OUTPUT": str(output), "LC_ALL": "C"} | variables
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(words, cwd=folder, env=env, text=True, capture_output=True, timeout=60)
    done.stdout += output.read_text()
    output.unlink()
    return done


def sliced(folder: Path, slice_: int, slices: int) -> tuple[Path, str]:
    """The hand-ins of one slice of the class in *folder*/class, and what the step says of them."""
    done = run(
        CLASS.script("slice", "slice"), folder / "class",
        FOLDER="handed-in", SLICE=str(slice_), SLICES=str(slices),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = (folder / "hand-ins").rename(folder / f"slice {slice_} of {slices}")
    return made, done.stdout


def found(folder: Path) -> list[str]:
    """Every file and link below *folder*, by its path from there."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


NAMES = (
    "ada/lab.ipynb",
    "bob.ipynb",
    "Zoë.ipynb",
    "two words.ipynb",
    "a\nb.ipynb",
    "$(x);'\".ipynb",
    "-n.ipynb",
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A folder with a class's repository in it."""
    for name in NAMES:
        file = tmp_path / "class" / "handed-in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return tmp_path


def test_slices_hold_every_hand_in_once(room: Path) -> None:
    """Whatever the files are called, each lies in one slice, and a slice that gets none says so."""
    files = [f"handed-in/{name}" for name in NAMES]
    for slices in (1, 3, 20):
        made = [sliced(room, number, slices) for number in range(slices)]
        assert sorted(file for folder, _ in made for file in found(folder)) == sorted(files)
        assert [said for _, said in made] == [f"count={len(found(folder))}\n" for folder, _ in made]
        sizes = [len(found(folder)) for folder, _ in made]
        assert max(sizes) - min(sizes) <= 1, sizes


def test_the_matrix_counts_from_nought() -> None:
    """The numbers of the slices are those that the line divides by."""
    strategy = CLASS.jobs["slice"]["strategy"]
    assert strategy["matrix"]["slice"] == list(range(20))
    assert CLASS.jobs["slice"]["env"]["SLICES"] == "${{ strategy.job-total }}"


def test_a_link_brings_nobody_elses_work(room: Path) -> None:
    """Slices and the exam take a link as a link, which the grader refuses; an editor's copies stay behind."""
    handed_in = room / "class" / "handed-in"
    (handed_in / "eve.ipynb").symlink_to("bob.ipynb")
    (handed_in / ".ipynb_checkpoints").mkdir()
    (handed_in / ".ipynb_checkpoints" / "bob-checkpoint.ipynb").touch()
    slice_, _ = sliced(room, 0, 1)
    assert (slice_ / "handed-in" / "eve.ipynb").is_symlink()
    assert [name for name in found(slice_) if "checkpoint" in name] == []
    done = run(EXAM.script("exam", "hand-ins"), room / "class", FOLDER="handed-in")
    assert done.returncode == 0, done.stderr
    for folder in (slice_, room / "hand-ins"):
        with pytest.raises(submission.Refused):
            submission.read(folder / "handed-in" / "eve.ipynb", "eve")


def test_a_name_that_comes_twice_ends_the_plan(room: Path) -> None:
    """Names are the grader's: two hand-ins of one name are told, on lines that command no CI."""
    plan = CLASS.script("plan", "names")
    assert run(plan, room / "class", FOLDER="handed-in").returncode == 0
    assert run(plan, room / "class", FOLDER="nowhere").returncode != 0
    for place in ("one", "other"):
        (room / "class" / "handed-in" / place).mkdir()
        (room / "class" / "handed-in" / place / "x\n::error::y.ipynb").touch()
        (room / "class" / "handed-in" / place / "bob.ipynb").touch()
    done = run(plan, room / "class", FOLDER="handed-in")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == ["  bob", "  x?::error::y"]


def test_the_plan_takes_one_commit_and_a_lab_that_is_a_name(tmp_path: Path) -> None:
    """All jobs get the commit that the first one saw; a lab that is no name would reach make as a command."""
    clone = repository(tmp_path / "course")
    done = run(CLASS.script("plan", "grader"), tmp_path, LAB="")
    assert (done.returncode, done.stdout) == (0, f"commit={head(clone)}\n")
    for lab in ("$(touch x)", "06-ports\nx", '"; x'):
        assert run(CLASS.script("plan", "grader"), tmp_path, LAB=lab).returncode == 1


def git(folder: Path, *words: str) -> str:
    """What git says in *folder*, where somebody made up is the author."""
    author = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    line = ["git", *author, "-C", str(folder), *words]
    return subprocess.run(line, text=True, capture_output=True, check=True).stdout.strip()


def repository(folder: Path) -> Path:
    """A repository with two commits on main."""
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    for number in ("1", "2"):
        git(folder, "commit", "--quiet", "--allow-empty", "--message", number)
    return folder


def head(folder: Path) -> str:
    """The commit that is checked out."""
    return git(folder, "rev-parse", "HEAD")


def test_an_exam_is_graded_by_a_commit_of_main(tmp_path: Path) -> None:
    """An older commit of main is taken; a branch, a short number and a commit of a fork are not."""
    clone, script = repository(tmp_path / "course"), EXAM.script("exam", "grader")
    newest, older = head(clone), git(clone, "rev-parse", "HEAD^")
    git(clone, "switch", "--quiet", "--create", "fork", "HEAD^")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "not the course's")
    foreign = head(clone)
    git(clone, "switch", "--quiet", "main")
    for wrong in ("main", newest[:12], foreign, "", "--all", newest.upper() + "\n"):
        assert run(script, tmp_path, GRADER=wrong, LAB=PRACTICE).returncode != 0, wrong
    assert run(script, tmp_path, GRADER=older, LAB="$(touch x)").returncode == 1
    assert head(clone) == newest
    assert run(script, tmp_path, GRADER=older, LAB=PRACTICE).returncode == 0
    assert head(clone) == older


# Merged slices


def hand_in(room: Path, *names: str) -> None:
    """The practice lab as handed out, in these names."""
    for name in names:
        file = room / "class" / "handed-in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(labs.find(PRACTICE).notebook, file)


CHECK = {"name": "page_answers", "promise": "It answers.", "points": 3, "seen": "", "look": ""}


def graded(folder: Path) -> Path:
    """A store of results as the grader keeps them for the hand-ins in *folder*; no engine is asked."""
    store = Store(folder / "grading" / "results")
    done, tasks = grading.read([folder], "", store)
    for task in tasks:
        lab, work = labs.find(task.work.lab), task.work
        made = Result(work.name, task.file, lab.slug, work.digest, version(lab), "graded", "", 1, 3)
        store.add(replace(made, checks=(CHECK | {"earned": 1, "status": "fail"},)))
    for result in done:
        store.add(result)
    return store.folder


def merged(room: Path, slices: int) -> Path:
    """The results of all slices in one folder, as `merge-multiple` lays them."""
    into = room / "course" / "grading" / "results"
    into.mkdir(parents=True)
    for number in range(slices):
        folder, said = sliced(room, number, slices)
        if said != "count=0\n":
            shutil.copytree(graded(folder), into, dirs_exist_ok=True)
    return into.parent


def left(room: Path, folder: Path) -> list[str]:
    """Names of the hand-ins that the last job would grade, with results in *folder*."""
    everyone, _ = sliced(room, 0, 1)
    return [task.work.name for task in grading.read([everyone], "", Store(folder / "results"))[1]]


CLASSMATES = (
    "ada/lab.ipynb",
    "bob.ipynb",
    "cleo.ipynb",
    "dan/lab.ipynb",
    "eve.ipynb",
    "fay.ipynb",
    "gus.ipynb",
)


def test_merged_slices_make_one_report_and_nothing_is_graded_again(tmp_path: Path) -> None:
    """The last job finds every result of every slice, asks no engine, and reports on the whole class."""
    hand_in(tmp_path, *CLASSMATES)
    (tmp_path / "class" / "handed-in" / "hal.ipynb").write_text("no notebook")
    folder, said = merged(tmp_path, 10), list[str]()
    everyone, _ = sliced(tmp_path, 0, 1)
    assert command.grade(Wish((everyone,), folder=folder), said.append) == 0
    assert said[0] == "8 notebooks: 0 to grade, 8 done before or refused"
    rows = (folder / "results.csv").read_text(encoding="utf-8").splitlines()[1:]
    names = [name for row in rows if (name := row.split(",")[0].strip('"'))]
    assert sorted(names) == ["ada", "bob", "cleo", "dan", "eve", "fay", "gus", "hal"]
    assert "7 of 21 points in 7 graded submissions" in said[-1]
    assert (folder / "report.html").is_file()


def test_what_a_slice_left_undone_is_graded_in_the_end(tmp_path: Path) -> None:
    """A result that is missing, an error, and one that another grader gave: these alone are graded."""
    hand_in(tmp_path, *CLASSMATES)
    folder = merged(tmp_path, 3)
    assert left(tmp_path, folder) == []
    store = Store(folder / "results")
    for result in store.all():
        if result.name == "bob":
            next(store.folder.glob("*-bob-*")).unlink()
        if result.name == "cleo":
            store.add(Result("cleo", "", PRACTICE, result.submission, result.version, "error"))
        if result.name == "dan":
            store.add(Result("dan", "", PRACTICE, result.submission, "another grader", "graded"))
    shutil.rmtree(tmp_path / "slice 0 of 1")
    assert left(tmp_path, folder) == ["bob", "cleo", "dan"]


def test_names_that_come_twice_would_be_graded_again(tmp_path: Path) -> None:
    """Why the plan refuses them: a slice with one of the two calls it by less than the whole class does."""
    hand_in(tmp_path, "ada/lab (1).ipynb", "bob/lab (1).ipynb", "cleo.ipynb")
    assert run(CLASS.script("plan", "names"), tmp_path / "class", FOLDER="handed-in").returncode == 1
    assert len(left(tmp_path, merged(tmp_path, 3))) == 2


# Points and Classroom 50


def results(earned: int) -> list[Result]:
    """The result of a learner who earned so many of three points."""
    check = CHECK | {"earned": earned, "status": "pass" if earned == 3 else "fail"}
    return [Result("learner", "", "06-ports", "a", "b", "graded", "", earned, 3, checks=(check,))]


@pytest.mark.usefixtures("jq")
@pytest.mark.parametrize(
    ("earned", "needed", "code"), [(0, "0", 0), (2, "2", 0), (1, "2", 1), (0, "1", 1), (3, "many", 2)]
)
def test_points_below_the_threshold_fail_the_job(tmp_path: Path, earned: int, needed: str, code: int) -> None:
    """With 0, which is what the file says, no number of points fails it."""
    assert FORK.content["env"]["POINTS"] == "0"
    (tmp_path / "grading").mkdir()
    (tmp_path / "grading" / "results.json").write_text(machine.results_json(results(earned)))
    done = run(FORK.script("grade", "points"), tmp_path, POINTS=needed)
    assert done.returncode == code, done.stderr


def blocks(page: str) -> Iterator[str]:
    """The indented blocks of a page."""
    yield from (
        re.sub(r"^    ", "", text, flags=re.MULTILINE) for text in re.findall(r"(?:^    .*\n)+", page, re.M)
    )


FROM_THE_RUNNER: Mapping[str, str] = {
    "CLASSROOM": "cs", "ASSIGNMENT": "ports", "SUBMISSION_TAG": "submit/1", "COMMIT_URL": "https://x/commit/1",
    "RELEASE_URL": "https://x/release/1", "REVIEW_URL": "https://x/compare/1",
}  # fmt: skip


@pytest.mark.usefixtures("jq")
def test_the_line_for_classroom_50_adds_what_its_runner_knows(tmp_path: Path) -> None:
    """The page's jq makes one result.json of the grader's part and of the runner's variables."""
    page = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
    line = next(text for text in blocks(page) if "> result.json" in text)
    merge = line[line.index("jq ") :]
    folder = tmp_path / "course" / "grading" / "classroom50"
    machine.write_classroom50(results(1), folder)
    done = run(merge, tmp_path, RUNNER_TEMP=str(tmp_path), **FROM_THE_RUNNER)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "result.json").read_text()) == {
        "schema": "classroom50/result/v1", "classroom": "cs", "assignment": "ports", "submission": "submit/1",
        "commit": "https://x/commit/1", "release": "https://x/release/1", "review": "https://x/compare/1",
        "score": 1, "max-score": 3,
        "tests": [{"test-name": "page_answers", "passed": False, "score": 1, "max-score": 3}],
    }  # fmt: skip
    shutil.rmtree(folder)
    assert run(merge, tmp_path, RUNNER_TEMP=str(tmp_path), **FROM_THE_RUNNER).returncode != 0
