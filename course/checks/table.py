"""A judgement as a table, for a terminal and for a notebook; decides nothing."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.checks.judging import Judgement, Verdict

SHOWN = {"pass": "✓ passed", "fail": "✗ not yet", "blocked": "… waits", "error": "! not judged"}
NOT_YOUR_FAULT = "This is a fault of the check or the engine and not yours: `python -m course doctor`."
COLUMNS = ("Promise", "Passed?", "What was seen", "Where to look", "Points")


def text(judgement: Judgement) -> str:
    """A few lines for each check, then the points."""
    lines = [line for verdict in judgement.verdicts for line in _lines(verdict)]
    return "\n".join([*lines, _total(judgement)])


def html(judgement: Judgement) -> str:
    """A table with no colours of its own, so that it is as light or dark as the page."""
    head = "".join(f'<th style="text-align:left">{title}</th>' for title in COLUMNS)
    rows = "".join(_row(verdict) for verdict in judgement.verdicts)
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p><strong>{_total(judgement)}</strong></p>"
    )


def _lines(verdict: Verdict) -> list[str]:
    first = f"{SHOWN[verdict.status]:<12} {verdict.earned}/{verdict.points}  {verdict.promise}"
    more = {"saw": verdict.seen, "look": verdict.look}
    return [first, *(f"{title:>16}: {words}" for title, words in more.items() if words)]


def _row(verdict: Verdict) -> str:
    cells = (
        marked(verdict.promise),
        f'<span style="white-space:nowrap">{SHOWN[verdict.status]}</span>',
        marked(verdict.seen),
        marked(verdict.look),
        f"{verdict.earned} of {verdict.points}",
    )
    return "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"


def _total(judgement: Judgement) -> str:
    broken = len(judgement.named("error"))
    note = f"; {broken} could not be judged, which costs nothing" if broken else ""
    return f"{judgement.earned} of {judgement.points} points{note}"


def marked(words: str) -> str:
    """*words* made safe for HTML, with `code` between backticks shown as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))
