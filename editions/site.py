"""`make html`: the course as a folder of pages that needs no server, no network and no engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from course import places
from course.kit import web
from editions import pages
from editions.tree import EditionError

BUILD = places.ROOT / "_build"
PYTHON = places.ROOT / ".venv-site" / "bin" / "python"
SETTINGS = Path(__file__).resolve().parent
# What pages load besides Sphinx's own files: by the name in the site, where npm's package keeps it.
LIBRARIES = {"mermaid.min.js": "mermaid/dist/mermaid.min.js", "mathjax.js": "mathjax/es5/tex-svg-full.js"}


def build(root: Path = places.ROOT, work: Path = BUILD, say: Callable[[str], None] = print) -> Path:
    """Write the site of *root* to *work*/html, anew where a source changed; its first page comes back."""
    if not PYTHON.exists():
        raise EditionError(f"There is no {PYTHON}, where Sphinx is.", "python course/bootstrap.py site")
    wanted = pages.sources(root)
    source, static, html = work / "site" / "source", work / "site" / "static", work / "html"
    _write(source, wanted)
    _write_file(source / pages.PICTURE, (root / pages.PICTURE).read_bytes())
    modules = web.modules(say)
    for name, place in LIBRARIES.items():
        _write_file(static / name, (modules / place).read_bytes())
    _sphinx(source, html, work / "site" / "doctrees", static)
    say(f"{len(wanted)} pages in {html}")
    say(f"Next: open {html / 'index.html'}, or serve it: python3 -m http.server --directory {html}")
    return html / "index.html"


def _write(folder: Path, wanted: dict[str, str]) -> None:
    """Make *folder* hold *wanted* and no other page; what is the same keeps its time, so Sphinx skips it."""
    for file in [*folder.rglob("*.ipynb"), *folder.rglob("*.md")]:
        if file.relative_to(folder).as_posix() not in wanted:
            file.unlink()
    for name, text in wanted.items():
        _write_file(folder / name, text.encode())


def _write_file(file: Path, content: bytes) -> None:
    if not file.exists() or file.read_bytes() != content:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _sphinx(source: Path, html: Path, doctrees: Path, static: Path) -> None:
    """Run Sphinx; a warning is an error, because most of them are a link that leads nowhere."""
    env = os.environ | {"EDITIONS_STATIC": str(static)}
    words: list[str | Path] = [
        "-b",
        "html",
        "-j",
        "auto",
        "-q",
        "-W",
        "--keep-going",
        "-c",
        SETTINGS,
        "-d",
        doctrees,
    ]
    command: list[str | Path] = [PYTHON, "-m", "sphinx", *words, source, html]
    done = subprocess.run(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        # Sphinx takes pages that it has written for done, warnings and all.
        shutil.rmtree(doctrees, ignore_errors=True)
        raise EditionError(f"Sphinx isn't content:\n{done.stdout.strip()}", "mend what it names")
