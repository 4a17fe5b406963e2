"""Where the course keeps its own files; knows nothing of what is in them."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def state() -> Path:
    """The folder for what must outlive a kernel: ledgers, progress, logs (made when first asked for).

    COURSE_STATE names another one, which tests use to keep apart from the learner's own.
    """
    base = os.environ.get("COURSE_STATE")
    xdg = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    folder = Path(base) if base else xdg / "containers-course"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def notebooks() -> Path:
    """The folder of chapters."""
    return ROOT / "notebooks"


def labs() -> Path:
    """The folder of labs as handed out."""
    return ROOT / "labs"


def solutions() -> Path:
    """The folder of solutions, and of wrong answers that the checks must catch."""
    return ROOT / "solutions"


def images() -> Path:
    """The folder of image recipes."""
    return ROOT / "images"
