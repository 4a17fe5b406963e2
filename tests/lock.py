"""`make lock`: compile the locks from pyproject.toml, then write environment.yml from requirements.lock."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

from course import bootstrap

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / "environment.yml"
# By lock, what of pyproject.toml goes into it. The room runs the course itself: at the same versions.
LOCKS = {
    "requirements.lock": "pyproject.toml --extra dev",
    "requirements-room.lock": "pyproject.toml --group room --constraint requirements.lock",
    "requirements-site.lock": "--group site",
}
COMPILE = "uv pip compile --universal --generate-hashes --python-version 3.11 --quiet"

# Why each direct dependency is here; a new one without a reason fails.
REASONS = {
    "jupyterlab": "every chapter is a notebook in it",
    "docker": "reads the engine for measurements, checks and the ledger",
    "nbval": "proves that stored outputs are still true",
    "matplotlib": "every chapter draws what it measured",
    "pandas": "measurements are tables",
    "tqdm": "progress of anything over two seconds",
    "jsonschema": "JupyterLab needs it; held back because newer ones start a second slower",
    "awscli": "the `aws` command of chapters 12 and 14",
    "uv": "compiles the lock and installs from it",
    "flit-core": "makes `course` importable as an editable install",
    "ruff": "style and order of the code",
    "mypy": "types of the code",
    "pandas-stubs": "types of pandas, for mypy",
    "types-docker": "types of the Docker SDK, for mypy",
    "types-tqdm": "types of tqdm, for mypy",
    "codespell": "spelling of code and prose",
    "nbstripout": "labs are handed out without outputs",
    "nbclient": "runs notebooks for `make outputs` and the lab promises",
    "playwright": "opens JupyterLab in a real browser, for the tests",
    "pytest": "runs every proof",
    "pytest-timeout": "ends a proof that hangs",
    "pytest-xdist": "proves on several engines at once",
    "distributed": "grades on several machines (Dask)",
    "boto3": "signs requests to the local ECR, and asks it as programs do, for the tests",
}


class Pin(NamedTuple):
    """One package at one version, where *marker* holds (empty: everywhere)."""

    name: str
    version: str
    marker: str

    def __str__(self) -> str:
        exact = f"{self.name}=={self.version}"
        return f'"{exact} ; {self.marker}"' if self.marker else exact


def pins(name: str = "requirements.lock") -> list[Pin]:
    """Every pin of the lock *name*; a package may have one for older and one for newer Pythons."""
    text = (ROOT / name).read_text()
    return [Pin(*found) for found in re.findall(r"^([\w.-]+)==(\S+)(?: ; (.*?))? \\$", text, re.MULTILINE)]


def direct() -> list[str]:
    """The dependencies that pyproject.toml names, in its order."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return [re.split(r"[<>=!~\[ ]", requirement, maxsplit=1)[0] for requirement in named]


def environment() -> str:
    """The text of environment.yml: explicit pins, a reason for each direct one, then what those need."""
    named = direct()
    lines = [
        "# Written by `make lock` from requirements.lock: change pyproject.toml, not this file.",
        "name: containers-course",
        "dependencies:",
        "  - python >=3.11,<3.15",
        "  - pip",
        "  - pip:",
    ]
    for name in named:
        lines.append(f"      # {REASONS[name]}")
        lines += [f"      - {pin}" for pin in pins() if pin.name == name]
    lines.append("      # what those need")
    lines += [f"      - {pin}" for pin in pins() if pin.name not in named]
    lines += ["      # the course itself", "      - -e ."]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Compile the locks where pip finds packages on this machine; write environment.yml from the first."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    env = bootstrap.uv_environment(bootstrap.pip_settings(listing))
    # A site's own find-links and folders may offer few builds, or others than everybody gets: the lock is
    # for every Python and processor.
    env.pop("UV_FIND_LINKS", None)
    env["UV_INDEX"] = " ".join(each for each in env.get("UV_INDEX", "").split() if "file:" not in each)
    uv = str(ROOT / ".venv/bin/uv")
    for name, what in LOCKS.items():
        words = [uv, *COMPILE.split()[1:], *what.split(), "--output-file", name]
        subprocess.run(words, cwd=ROOT, env=env | {"UV_CUSTOM_COMPILE_COMMAND": "make lock"}, check=True)
    ENVIRONMENT.write_text(environment())
    print(f"{len(pins())} packages pinned, {len(direct())} of them direct")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
