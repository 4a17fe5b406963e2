"""The Python environment of the peers, made from exact pins and kept; knows nothing of what they do."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from course import bootstrap, places
from course.grade.runners import hand_over

HERE = Path(__file__).resolve().parent
LOCK = HERE / "requirements.txt"
UV = bootstrap.VENV / "bin" / "uv"


def made() -> Path:
    """The environment's `bin`, made anew when the pins have changed."""
    venv, key = places.state() / "bench-peers", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    proof = venv / "made-from"
    if not proof.exists() or proof.read_text() != key:
        settings = bootstrap.pip_settings(
            _said(sys.executable, "-m", "pip", "config", "list", env=dict(os.environ))
        )
        env = bootstrap.uv_environment(settings) | {"VIRTUAL_ENV": str(venv)}
        _said(UV, "venv", "--clear", "--python", sys.executable, venv, env=env)
        _said(UV, "pip", "sync", "--require-hashes", "--compile-bytecode", LOCK, env=env)
        proof.write_text(key)
    return venv / "bin"


def environment(folder: Path) -> dict[str, str]:
    """What a peer runs with: its own programs first, and the lab's words, kept in *folder*."""
    state = {f"JUPYTER_{kind}_DIR": str(folder / kind.lower()) for kind in ("CONFIG", "RUNTIME")}
    bin_ = made()
    path = f"{bin_}{os.pathsep}{os.environ['PATH']}"
    # Nothing of this machine's user takes part; kernels find the lab's words by PYTHONPATH.
    home = {"HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython")}
    words = str(lab_words(folder / "words"))
    return (
        dict(os.environ) | state | home | {"PATH": path, "PYTHONPATH": words, "VIRTUAL_ENV": str(bin_.parent)}
    )


def lab_words(folder: Path) -> Path:
    """A folder with what the lab's cells import: `%%shell` as our runner has it, and the checks.

    So every contender pays the same for a cell and for a check, and none pays for the course's own ledger.
    """
    if not folder.exists():
        hand_over(folder)
        shutil.copytree(HERE.parent.parent / "course" / "checks", folder / "course" / "checks")
        shutil.copyfile(HERE / "labs" / "00-start" / "checks.py", folder / "bench_checks.py")
    return folder


def _said(*command: str | Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}"
        )
    return done.stdout
