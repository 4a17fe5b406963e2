"""Every committed output is what the engine says, and the engine is afterwards as it was before."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import browser
import jupyter
import nbformat
import pages
import pytest
import running
from drawing import drawn
from jupyter import Desk
from running import Kernel

from course import engine, ledger, lesson, places

SEED = int(os.environ.get("COURSE_SEED") or random.randrange(10_000))
pytestmark = [pytest.mark.apart, pytest.mark.long]
NOTEBOOKS = pages.committed_with_outputs()
CHAPTERS = [path for path in NOTEBOOKS if pages.all_paths()[path] == "chapter"]
# A second run meets the state that the first left: docs/decisions/0025. Any order has to do, so one is drawn.
AGAIN = drawn(CHAPTERS, len(CHAPTERS) // 6, "second runs")
RUNS = random.Random(SEED).sample(NOTEBOOKS, k=len(NOTEBOOKS))
BESIDE = ("demo", "images")  # what notebooks look at
IMAGE = "busybox:1.37"
KILLED = drawn(CHAPTERS, len(CHAPTERS) // 3, "kills")


def label(path: Path) -> str:
    """A notebook's name in test reports."""
    return str(path.relative_to(pages.ROOT))


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The kernels' environment: this engine, one state for all of them, apart from the learner's own.

    While these tests run they hold the learner's lock, so that no other notebook is on the engine. Their
    state has a fixed place, so that what a killed run of theirs left on the engine goes with the next.
    """
    state = places.state() / "proofs"
    own = {"COURSE_STATE": str(state), "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))}
    with ledger.Recorder("make-test"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_STATE", own["COURSE_STATE"])
        assert lesson.clean() == 0, "what a killed run left could not be removed: see above"
        yield engine.environment() | own
    shutil.rmtree(state)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of all notebooks with what they look at beside them, where no run can hurt the tree."""
    root = tmp_path_factory.mktemp("clone")
    litter = shutil.ignore_patterns("work", ".ipynb_checkpoints")
    for place in ("notebooks", "solutions", *BESIDE):
        shutil.copytree(pages.ROOT / place, root / place, ignore=litter)
    return root


@pytest.fixture
def unchanged(env: dict[str, str]) -> Iterator[Callable[[], tuple[str, ...]]]:
    """What on the engine is no longer as it was when the test began; the course's leavings go after it."""
    before = ledger.snapshot(engine.client())
    yield lambda: ledger.diff(before, ledger.snapshot(engine.client()))
    lesson.clean()


def test_every_notebook_is_found() -> None:
    """There are chapters and solutions to run, and no notebook lies where nobody would run it."""
    assert len(NOTEBOOKS) >= 2
    assert pages.strays() == []
    assert set(pages.all_paths().values()) == {"chapter", "review", "lab", "solution"}


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=f"{place:02}-{label(path)}") for place, path in enumerate(RUNS, 1)]
)
def test_outputs_are_true_and_the_engine_is_as_before(
    path: Path, env: dict[str, str], clone: Path, unchanged: Callable[[], tuple[str, ...]], tmp_path: Path
) -> None:
    """A notebook prints what is committed, in whatever order, and leaves nothing."""
    copy, before = clone / label(path), files(clone)
    wrong = running.faults(copy, env, tmp_path)
    assert not wrong, f"COURSE_SEED={SEED} repeats this order\n" + "\n".join(wrong)
    assert unchanged() == ()
    assert files(clone) == before


@pytest.fixture(scope="module")
def desk(env: dict[str, str], clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """JupyterLab on the copy of the notebooks, whose kernels are on this engine, in a real browser."""
    scratch = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        with jupyter.lab(clone, scratch) as url, jupyter.desk(url, scratch / "profile") as found:
            yield found


@pytest.mark.parametrize("path", AGAIN, ids=map(label, AGAIN))
def test_run_all_in_a_real_browser_is_a_second_run(
    path: Path, desk: Desk, clone: Path, unchanged: Callable[[], tuple[str, ...]]
) -> None:
    """Run All in JupyterLab: every cell in its order, no error, the engine and all files as before."""
    before, content = files(clone), (clone / label(path)).read_bytes()
    with desk.opened(label(path), kernel=True):
        cells = desk.run_all()
        desk.stretch()
        browser.keep(desk.page, f"run-{path.stem}")
    assert jupyter.faults(cells) == []
    assert unchanged() == ()
    assert (files(clone), (clone / label(path)).read_bytes()) == (before, content)


def files(folder: Path) -> set[str]:
    """Every file below *folder*, without what Python and JupyterLab keep for themselves."""
    own = {"__pycache__", ".ipynb_checkpoints"}
    found = (file for file in folder.rglob("*") if file.is_file() and not own & set(file.parts))
    return {label_in(folder, file) for file in found}


@pytest.mark.parametrize("path", KILLED, ids=map(label, KILLED))
def test_what_a_killed_kernel_left_goes_at_the_next_start(
    path: Path, env: dict[str, str], unchanged: Callable[[], tuple[str, ...]], tmp_path: Path
) -> None:
    """`kill -9` in mid-cell leaves things behind; the set-up cell removes them and nothing else."""
    folder = tmp_path / "copy"
    shutil.copytree(path.parent, folder, ignore=shutil.ignore_patterns("work", ".ipynb_checkpoints"))
    for place in BESIDE:
        shutil.copytree(pages.ROOT / place, tmp_path / place)
    cells = [cell.source for cell in pages.read(path, pages.all_paths()[path]).code()]
    kill_in_mid_cell(Kernel(folder, env), cells)
    assert unchanged() != ()
    with running.kernel(folder, env) as again:
        said = again.run(cells[0])
    assert "is ready." in said
    assert unchanged() == ()


def kill_in_mid_cell(kernel: Kernel, cells: list[str]) -> None:
    """Run *cells* until one is on its way and has made something on the engine, and kill the kernel in it."""
    try:
        assert "is ready." in kernel.run(cells[0])
        for source in cells[1:]:
            before = ledger.snapshot(engine.client())
            kernel.send(source)
            while not kernel.has_ended():
                if ledger.diff(before, ledger.snapshot(engine.client())) and not kernel.has_ended():
                    return
                threading.Event().wait(0.02)
    finally:
        kernel.kill()
    pytest.fail("no cell was ever seen at work on the engine, so none could be killed in its middle")


def test_a_second_kernel_on_a_chapter_is_refused_in_words(env: dict[str, str]) -> None:
    """The second kernel is told which process has the chapter and what to do; the first goes on unharmed."""
    path = NOTEBOOKS[0]
    start = pages.read(path, "chapter").code()[0].source
    with running.kernel(path.parent, env) as first, running.kernel(path.parent, env) as second:
        assert "is ready." in first.run(start)
        said = second.run(start)
        assert f"Chapter {path.stem} is open in another kernel already (process " in said
        assert "Next: shut that kernel down" in said
        assert "Traceback" not in said
        assert "Nothing that this notebook made is left" in first.run("lesson.leftovers()")


# What follows proves that the tests above can fail: small notebooks of plain Python, each wrong in one way.


def notebook(folder: Path, *sources: str, change: Callable[[list[nbformat.NotebookNode]], object]) -> Path:
    """A notebook of these cells, each with the output that it truly has, after *change*."""
    cells = []
    for count, source in enumerate(sources, 1):
        cell = nbformat.v4.new_code_cell(source, execution_count=count)  # type: ignore[no-untyped-call]
        if source.startswith("print("):
            text = source.removeprefix("print('").removesuffix("')") + "\n"
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=text)]  # type: ignore[no-untyped-call]
        cells.append(cell)
    change(cells)
    path = folder / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)  # type: ignore[no-untyped-call]
    return path


def nothing(_: object) -> None:
    """Leave the notebook as it is."""


def strip(cells: list[nbformat.NotebookNode]) -> None:
    """Take away outputs and counts, as nbstripout does."""
    for cell in cells:
        cell["outputs"], cell["execution_count"] = [], None


WRONG = {
    "a wrong stored output": (
        lambda cells: cells[1].outputs[0].update(text="8082\n"),
        "8082",
    ),
    "a line missing in the stored output": (lambda cells: cells[1].update(outputs=[]), "differ"),
    "no count: nbval passes over it": (lambda cells: cells[0].update(execution_count=None), "not compared"),
    "stripped": (strip, "not compared"),
    "hidden by a comment": (
        lambda cells: cells[1].update(source="# NBVAL_IGNORE_OUTPUT\nprint('8081')"),
        "not compared",
    ),
    "a cell that fails": (lambda cells: cells[0].update(source="1 / 0"), "ZeroDivisionError"),
    "nothing compared": (
        lambda cells: [cell.metadata.update(tags=[pages.UNCOMPARED]) for cell in cells],
        "no cell to compare",
    ),
}


def test_a_true_notebook_has_no_fault(env: dict[str, str], tmp_path: Path) -> None:
    """The small notebook that the next test breaks is whole before it does."""
    path = notebook(tmp_path, "port = 8081", "print('8081')", change=nothing)
    assert running.faults(path, env, tmp_path) == []


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_notebook_is_caught(
    change: Callable[[list[nbformat.NotebookNode]], object], words: str, env: dict[str, str], tmp_path: Path
) -> None:
    """Each way in which a committed output can be untrue or uncompared is a fault, and named."""
    path = notebook(tmp_path, "port = 8081", "print('8081')", change=change)
    assert words in "\n".join(running.faults(path, env, tmp_path))


def test_a_container_left_behind_is_seen(env: dict[str, str], tmp_path: Path) -> None:
    """A notebook whose outputs are true but that leaves a container changes the engine, and that shows."""
    before, name = ledger.snapshot(engine.client()), f"left-by-tests-{os.getpid()}"
    made = f"docker create --name {name} {IMAGE}".split()
    source = f"import subprocess\n_ = subprocess.run({made!r}, check=True, capture_output=True)"
    path = notebook(tmp_path, source, change=nothing)
    try:
        assert running.faults(path, env, tmp_path) == []
        changes = ledger.diff(before, ledger.snapshot(engine.client()))
    finally:
        engine.client().api.remove_container(name, v=True, force=True)
    assert changes == (f"container {name} ({IMAGE}, created): new",)


def test_a_notebook_out_of_place_is_seen(tmp_path: Path) -> None:
    """A notebook in a folder that nothing lists would never be tested, so it is reported."""
    for place in ("notebooks/06-ports.ipynb", "notebooks/more/07.ipynb", "solutions/06-ports/old.ipynb"):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert [label_in(tmp_path, path) for path in pages.strays(tmp_path)] == [
        "notebooks/more/07.ipynb", "solutions/06-ports/old.ipynb",
    ]  # fmt: skip


def label_in(root: Path, path: Path) -> str:
    """A path as seen from *root*."""
    return str(path.relative_to(root))
