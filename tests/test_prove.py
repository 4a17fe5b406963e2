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

from course import engine
from course.engine.daemon import until

ROOT = Path(__file__).resolve().parent.parent

SMALL = {
    "test_fetching.py": ("fetches", 6),
    "test_single.py": ("apart", 12),
    "test_together.py": ("", 12),
}
# Each test notes who ran it; a short wait lets the other worker have its turn.
TEST = """
import os, pathlib, threading, pytest
{mark}
@pytest.mark.parametrize("number", range({count}))
def test_who(number):
    threading.Event().wait(0.05)
    pathlib.Path({notes!r}, f"{file}-{{number}}").write_text(os.environ["PYTEST_XDIST_WORKER"])
"""


@pytest.fixture
def who(tmp_path: Path) -> dict[str, set[str]]:
    """The workers that ran the tests of each file of a small project, with the course's scheduler."""
    notes = tmp_path / "notes"
    notes.mkdir()
    for file, (mark, count) in SMALL.items():
        line = f"pytestmark = pytest.mark.{mark}" if mark else ""
        (tmp_path / file).write_text(TEST.format(mark=line, count=count, notes=str(notes), file=file))
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  apart\n  fetches\n")
    workers = [f"--tx=popen//id={name}" for name in (engines.HERE, "other")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "sharing", "--dist=loadscope", *workers, str(tmp_path)],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT}"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert len(list(notes.iterdir())) == sum(count for _, count in SMALL.values())
    return {file: {note.read_text() for note in notes.glob(f"{file}-*")} for file in SMALL}


def test_each_proof_runs_where_it_may(who: dict[str, set[str]]) -> None:
    """What fetches stays here, a file stays together, and tests that stand apart go to whoever is free."""
    assert who["test_fetching.py"] == {engines.HERE}
    assert len(who["test_together.py"]) == 1
    assert who["test_single.py"] == {engines.HERE, "other"}


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
