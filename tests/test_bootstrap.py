"""Making the environment: the wrong Python, this machine's pip settings, and an interruption."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from course import bootstrap

pytestmark = pytest.mark.fetches

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("version", [(2, 7), (3, 10), (3, 15)])
def test_a_python_outside_the_range_is_refused_with_the_cure(version: tuple[int, int]) -> None:
    """Python 3.10 and 3.15 are refused by name, with the words that choose another."""
    with pytest.raises(bootstrap.BootstrapError) as caught:
        bootstrap.check_python(version, "/usr/bin/python3")
    assert f"Python {version[0]}.{version[1]}" in str(caught.value)
    assert "make lab PYTHON=" in str(caught.value)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13), (3, 14)])
def test_a_python_inside_the_range_is_taken(version: tuple[int, int]) -> None:
    """Python 3.11 to 3.14 pass without a word."""
    bootstrap.check_python(version, "/usr/bin/python3")


def test_the_wrong_python_says_so_before_anything_is_made(tmp_path: Path) -> None:
    """Run by an older Python, the bootstrap ends with exit code 1, in words, with no .venv begun."""
    clone = copy(tmp_path)
    script = clone / "course" / "bootstrap.py"
    script.write_text(
        script.read_text().replace("OLDEST, NEWEST = (3, 11), (3, 14)", "OLDEST, NEWEST = (9, 0), (9, 1)")
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "the course needs" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (clone / ".venv").exists()


def test_pips_settings_reach_uv() -> None:
    """Index, extra indexes, trusted hosts and certificate are carried over; the environment wins."""
    listing = (
        "global.index-url='https://one.invalid/simple'\n"
        "global.extra-index-url='https://two.invalid/simple\\nhttps://three.invalid/simple'\n"
        "global.cert='/etc/site.pem'\n"
        ":env:.cert='/etc/other.pem'\n"
        "install.find-links='/opt/a /opt/b'\n"
        "global.trusted-host='one.invalid'\n"
        "global.timeout='10'\n"
    )
    found = bootstrap.pip_settings(listing)
    assert found["cert"] == "/etc/other.pem"
    names = {name: found[option] for option, name in bootstrap.UV_NAME_FOR.items()}
    assert names["UV_DEFAULT_INDEX"] == "https://one.invalid/simple"
    assert names["UV_INDEX"] == "https://two.invalid/simple https://three.invalid/simple"
    assert names["UV_INSECURE_HOST"] == "one.invalid"


def test_uvs_own_variables_are_not_overruled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who set uv up keeps that."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.invalid/simple")
    env = bootstrap.uv_environment({"index-url": "https://pips.invalid/simple"})
    assert env["UV_DEFAULT_INDEX"] == "https://mine.invalid/simple"


def test_several_find_links_are_joined_as_uv_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip separates by blanks, uv by commas."""
    monkeypatch.delenv("UV_FIND_LINKS", raising=False)
    assert bootstrap.uv_environment({"find-links": "/a /b"})["UV_FIND_LINKS"] == "/a,/b"


def test_a_package_missing_from_the_lock_is_named() -> None:
    """Without a pin for the installer itself nothing is guessed."""
    with pytest.raises(bootstrap.BootstrapError, match="no pin for nonesuch"):
        bootstrap.locked("nonesuch")


def test_a_failed_command_is_shown_with_its_last_words() -> None:
    """A stage that fails names its command, its exit code and what it printed."""
    with pytest.raises(bootstrap.BootstrapError) as caught:
        bootstrap.run("sh", "-c", "echo no space left; exit 3")
    assert "exit code 3" in str(caught.value)
    assert "no space left" in str(caught.value)


def test_an_interrupted_bootstrap_goes_on_at_the_next_make(tmp_path: Path) -> None:
    """Ctrl-C in the middle says so and marks nothing ready; the next run completes the environment."""
    clone = copy(tmp_path)
    command = [sys.executable, str(clone / "course" / "bootstrap.py")]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert first.stdout is not None
    while "uv" not in (seen := first.stdout.readline()):
        assert seen, "the bootstrap ended before its second stage"
    first.send_signal(signal.SIGINT)
    said = seen + first.communicate(timeout=120)[0]
    assert first.returncode == 130, said
    assert "Nothing is broken" in said
    assert not (clone / ".venv" / ".ready").exists()
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    imports = [str(clone / ".venv/bin/python"), "-c", "import course, tqdm"]
    assert subprocess.run(imports, cwd=tmp_path).returncode == 0


def copy(folder: Path) -> Path:
    """The few files that the bootstrap needs, in a place of their own, with a short lock to install."""
    clone = folder / "clone"
    (clone / "course").mkdir(parents=True)
    for name in ("pyproject.toml", "course/__init__.py", "course/bootstrap.py"):
        shutil.copy(ROOT / name, clone / name)
    short = "".join(bootstrap.locked(name) for name in ("flit-core", "tqdm", "uv"))
    (clone / "requirements.lock").write_text(short)
    return clone
