"""How `make test` spreads its proofs over engines: who runs what; machines and their data go with the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import engines
import pytest
import sharing

from course import engine
from course.engine.daemon import until

ROOT = Path(__file__).resolve().parent.parent

LABS = ["00-start", "06-ports"]
SMALL = {
    "test_fetching.py": ("fetches", [f"{number}" for number in range(6)]),
    "test_single.py": ("apart", [f"{number}" for number in range(12)]),
    "test_together.py": ("", [f"{number}" for number in range(12)]),
    "test_labs.py": ("by_lab", [f"{lab}-{number}" for number in range(6) for lab in LABS]),
    "test_long.py": ("long", ["1"]),
}
# Each test notes who ran it; a short wait lets the other worker have its turn.
TEST = """
import os, pathlib, threading, pytest
{mark}
@pytest.mark.parametrize("case", {cases})
def test_who(case):
    threading.Event().wait(0.05)
    pathlib.Path({notes!r}, f"{file} {{case}}").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each test of a small project noted, run with the course's scheduler."""
    project = tmp_path_factory.mktemp("project")
    notes = project / "notes"
    notes.mkdir()
    for file, (mark, cases) in SMALL.items():
        line = f"pytestmark = pytest.mark.{mark}" if mark else ""
        text = TEST.format(mark=line, cases=cases, notes=str(notes), file=file)
        (project / file).write_text(text)
    marks = "".join(f"  {mark}\n" for mark, _ in SMALL.values() if mark)
    (project / "pytest.ini").write_text(f"[pytest]\nmarkers =\n{marks}")
    workers = [f"--tx=popen//id={name}" for name in (engines.HERE, "other")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "sharing", "--dist=loadscope", *workers, str(project)],
        cwd=project, env=os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert len(list(notes.iterdir())) == sum(len(cases) for _, cases in SMALL.values())
    return notes


def who(notes: Path, start: str) -> set[str]:
    """The workers that ran the tests whose notes begin with *start*."""
    return {note.read_text() for note in notes.glob(f"{start}*")}


def test_each_proof_runs_where_it_may(notes: Path) -> None:
    """What fetches stays here, a file or a lab together; what stands apart goes to whoever is free."""
    assert who(notes, "test_fetching.py") == {engines.HERE}
    assert len(who(notes, "test_together.py")) == 1
    assert [len(who(notes, f"test_labs.py {lab}")) for lab in LABS] == [1, 1]
    assert who(notes, "test_single.py") == {engines.HERE, "other"}


def test_what_takes_long_comes_first(notes: Path) -> None:
    """Whoever has nothing that must be done here begins with it."""
    others = [note for note in notes.iterdir() if "fetching" not in note.name]
    assert min(others, key=lambda note: note.stat().st_mtime_ns).name.startswith("test_long.py")


def test_two_labs_are_two_pieces_of_work() -> None:
    """So they can go to two engines; a name without a lab is a third."""
    names = ["test_labs.py::test_a[06-ports-x]", "test_labs.py::test_b[y-00-start]", "test_labs.py::test_c"]
    assert [sharing.lab_in(name) for name in names] == ["06-ports", "00-start", ""]


needs_machines = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 and not os.environ.get("CI"),
    reason="a machine of its own needs namespaces: root on Linux (CI must have them)",
)


@needs_machines
def test_an_engine_beside_has_the_images_and_goes_with_its_data() -> None:
    """It has the images asked for and no others, and neither process nor folder of it stays."""
    mine = {image.id for image in engine.client().images.list()}
    with engines.beside(1, ["busybox:1.37"]) as (machine,):
        shown = machine.run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").stdout
        folder = machine.state.parent
        assert shown == "busybox:1.37\n"
        assert folder.parent == engines.PLACE
    assert not folder.exists()
    assert until(lambda: not Path(f"/proc/{machine.pid}").exists(), 10), "the machine outlived its block"
    assert {image.id for image in engine.client().images.list()} == mine


KILLED = """
import json, sys, engines
with engines.beside(1, ["busybox:1.37"]) as (machine,):
    print(json.dumps([machine.pid, str(machine.state.parent)]), flush=True)
    sys.stdin.read()
"""


@needs_machines
def test_what_a_killed_run_left_goes_with_the_next() -> None:
    """`kill -9` of the tests ends their machines at once; the data goes when the next run starts."""
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED], env=os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert killed.stdout is not None
    pid, folder = json.loads(killed.stdout.readline())
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert until(lambda: not Path(f"/proc/{pid}").exists(), 10), "the machine outlived its run"
    assert Path(folder).exists()
    with engines.beside(0, []):
        assert not Path(folder).exists()
