"""Make .venv from requirements.lock with Python's own library alone; knows nothing of the course.

With a name, such as room: make .venv-room from requirements-room.lock, with the uv of .venv.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
READY = VENV / ".ready"
OLDEST, NEWEST = (3, 11), (3, 14)

# uv reads none of pip's settings, so a site's mirror or certificate would be lost without this table.
UV_NAME_FOR = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


class BootstrapError(Exception):
    """Something the person at the keyboard can cure; the message says what and how."""


def check_python(version: tuple[int, int], executable: str) -> None:
    """Refuse a Python that the lock was not resolved for."""
    if not OLDEST <= version <= NEWEST:
        raise BootstrapError(
            f"{executable} is Python {version[0]}.{version[1]}; the course needs 3.11 to 3.14.\n"
            "Next: name another one, for example  make lab PYTHON=python3.12"
        )


def run(*command: str | Path, env: dict[str, str] | None = None) -> str:
    """Run *command*; its output comes back, and is shown in full only when it fails."""
    done = subprocess.run(
        command, env=env, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        words = " ".join(map(str, command))
        raise BootstrapError(
            f"This command failed with exit code {done.returncode}:\n  {words}\n{done.stdout.strip()}\n"
            "Next: cure what its last lines name and run make again; what is already done is kept."
        )
    return done.stdout


def make_venv() -> None:
    """Make .venv unless its interpreter already works and has pip."""
    python = VENV / "bin" / "python"
    works = (
        python.exists()
        and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    )
    if works:
        return
    if subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True).returncode:
        install_ensurepip()
    run(sys.executable, "-m", "venv", "--clear", VENV)


def install_ensurepip() -> None:
    """Debian splits ensurepip from python3; as root add it, otherwise print the command."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise BootstrapError(
            f"{sys.executable} has no ensurepip, which `python3 -m venv` needs.\n"
            f"Next: sudo apt-get install {package}   (or your system's package of that kind), then make again"
        )
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-o", "DPkg::Lock::Timeout=120"]
    run("apt-get", *wait, "update", env=env)
    run("apt-get", *wait, "install", "--yes", "--no-install-recommends", package, env=env)


def pip_settings(listing: str) -> dict[str, str]:
    """What `pip config list` says, by option; the environment wins over files, as in pip itself."""
    found: dict[str, str] = {}
    for line in sorted(listing.splitlines(), key=lambda text: text.startswith(":env:")):
        match = re.match(r"(?::env:|global|install)\.([\w-]+)='(.*)'$", line)
        if match:
            found[match[1]] = match[2].replace("\\n", " ")
    return found


def uv_environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment that makes uv look where this machine's pip looks."""
    env = dict(os.environ)
    for option, name in UV_NAME_FOR.items():
        if settings.get(option):
            separator = "," if option == "find-links" else " "
            env.setdefault(name, separator.join(settings[option].split()))
    # pip takes the best version from any index; the lock's hashes make that safe.
    return env | {"UV_INDEX_STRATEGY": "unsafe-best-match", "VIRTUAL_ENV": str(VENV)}


def locked(name: str) -> str:
    """The lines of requirements.lock that pin *name* with its hashes."""
    block = re.search(rf"^{re.escape(name)}==.*(?:\n    --hash.*)+", LOCK.read_text(), re.MULTILINE)
    if block is None:
        raise BootstrapError(f"requirements.lock has no pin for {name}.\nNext: make lock")
    return block[0] + "\n"


def install_uv() -> None:
    """Put the pinned uv into .venv, with pip, which knows this machine's settings."""
    pinned = VENV / "uv.lock.txt"
    pinned.write_text(locked("uv"))
    run(
        VENV / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--requirement",
        pinned,
    )


def install_lock(venv: Path = VENV, lock: Path = LOCK) -> None:
    """Make *venv* hold exactly *lock*, and the course itself as an editable install."""
    env = uv_environment(pip_settings(run(VENV / "bin" / "python", "-m", "pip", "config", "list")))
    env["VIRTUAL_ENV"] = str(venv)
    uv = VENV / "bin" / "uv"
    if not (venv / "bin" / "python").exists():
        run(uv, "venv", "--quiet", "--python", VENV / "bin" / "python", venv, env=env)
    run(
        uv,
        "pip",
        "sync",
        "--quiet",
        "--require-hashes",
        "--compile-bytecode",
        lock,
        env=env,
    )
    run(uv, "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT, env=env)


def stages(name: str) -> tuple[Path, dict[str, Callable[[], None]]]:
    """The file that says an environment is ready, and what makes it; *name* is empty for .venv itself."""
    if not name:
        own = {"virtual environment": make_venv, "uv": install_uv, f"packages of {LOCK.name}": install_lock}
        return READY, own
    venv, lock = ROOT / f".venv-{name}", ROOT / f"requirements-{name}.lock"
    if not lock.exists():
        locks = ROOT.glob("requirements-*.lock")
        there = ", ".join(file.stem.removeprefix("requirements-") for file in locks)
        raise BootstrapError(f"There is no {lock.name}.\nNext: name one of these: {there}")
    return venv / ".ready", {f"packages of {lock.name}": lambda: install_lock(venv, lock)}


def main(name: str = "") -> int:
    """Make the environment, a line for each stage with its seconds."""
    try:
        check_python(sys.version_info[:2], sys.executable)
        ready, to_do = stages(name)
        ready.unlink(missing_ok=True)
        for what, stage in to_do.items():
            started = time.monotonic()
            print(f"setting up: {what} …", end=" ", flush=True)
            stage()
            print(f"{time.monotonic() - started:.1f} s", flush=True)
    except BootstrapError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is broken: the next make goes on from here.", file=sys.stderr)
        return 130
    ready.write_text(f"{sys.version}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
