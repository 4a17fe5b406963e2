"""The lesson's words where a submission is graded: `%%shell` works, and judging happens elsewhere."""

from __future__ import annotations

import os

from course import shell


def start(name: str) -> None:
    """Give the notebook its `%%shell`; engine and images are there already."""
    from IPython import get_ipython

    shell.load(get_ipython(), env=dict(os.environ))
    print(f"{name} is ready.")


def predict(key: str, *choices: str, mine: str) -> None:
    """Take a guess; nothing is kept here."""
    print(f"Kept: {mine}." if mine in choices else "No prediction yet.")


def happened(key: str, what: str) -> None:
    """Say what happened."""
    print(f"It was: {what}.")


def check() -> None:
    """Nothing is judged beside the code that is judged."""


def hint() -> None:
    """There is nobody to read one."""


def leftovers() -> None:
    """The whole machine goes when the submission is judged."""
