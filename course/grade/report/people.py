"""The page's table of submissions, each with its checks and what its cells said; draws no pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from course.checks.table import COLUMNS, SHOWN, marked
from course.grade.report.counts import NO_VERDICT, STATES, counted
from course.grade.report.safe import block, one_line
from course.grade.results import Result

# A lab has fewer cells, but what a learner's Python says of its cells may be anything.
MOST_CELLS = 40


def submissions(results: Sequence[Result]) -> Iterator[str]:
    """The heading and the table; nothing at all of no submissions."""
    if not results:
        return
    yield "<h2>Submissions</h2>"
    # It scrolls on a narrow screen, so a keyboard must be able to get there.
    yield '<div class="wide" tabindex="0" role="region" aria-label="Submissions"><table><thead><tr>'
    yield '<th scope="col">Submission</th><th scope="col">Lab</th>'
    yield '<th scope="col" class="number">Points</th><th scope="col" class="number">Seconds</th>'
    yield '<th scope="col">State</th></tr></thead><tbody>'
    for each in results:
        yield from _person(each)
    yield "</tbody></table></div>"


def _person(result: Result) -> Iterator[str]:
    judged = result.state == "graded"
    points = f"{result.earned} of {result.points}" if judged else "–"
    seconds = f"{result.seconds:.1f}" if judged else "–"
    details = list(_details(result))
    yield f'<tr{" class=person" if details else ""}><th scope="row" class="name">{_text(result.name)}</th>'
    yield f'<td class="lab">{_text(result.lab)}</td><td class="number">{points}</td>'
    yield f'<td class="number">{seconds}</td><td>{_state(result)}</td></tr>'
    if details:
        yield '<tr><td colspan="5">'
        yield from details
        yield "</td></tr>"


def _state(result: Result) -> str:
    words = NO_VERDICT if result.state == "error" else STATES[result.state]
    return f"{words}<br>{_text(result.note)}" if result.note else words


def _details(result: Result) -> Iterator[str]:
    said = [each for each in result.cells if each["error"] or each["output"].strip()]
    if not result.checks and not said:
        return
    yield f"<details><summary>{_in_short(result)}</summary><div>"
    if result.state == "error":
        yield f"<p>{NO_VERDICT}</p>"
    yield from _checks(result.checks)
    for each in said[:MOST_CELLS]:
        yield from _cell(each)
    if len(said) > MOST_CELLS:
        yield f"<p>{counted(len(said) - MOST_CELLS, 'more cell')} said something: see results.json.</p>"
    yield "</div></details>"


def _in_short(result: Result) -> str:
    """How many checks passed or not, and how many cells ended with an error."""
    statuses = Counter(verdict["status"] for verdict in result.checks)
    parts = [f"{statuses[status]} {shown[2:]}" for status, shown in SHOWN.items() if statuses[status]]
    broken = sum(bool(each["error"]) for each in result.cells)
    if broken:
        parts.append(f"{counted(broken, 'cell')} with an error")
    return ", ".join(parts) or "What the cells said"


def _checks(verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not verdicts:
        return
    head = "".join(f'<th scope="col">{title}</th>' for title in COLUMNS)
    yield f'<table class="checks"><thead><tr>{head}</tr></thead><tbody>'
    for verdict in verdicts:
        yield (
            f'<tr><th scope="row">{marked(one_line(verdict["promise"]))}</th>'
            f'<td class="status">{SHOWN[verdict["status"]]}</td>'
            f"<td>{marked(one_line(verdict['seen']))}</td><td>{marked(one_line(verdict['look']))}</td>"
            f'<td class="number">{verdict["earned"]} of {verdict["points"]}</td></tr>'
        )
    yield "</tbody></table>"


def _cell(cell: Mapping[str, str]) -> Iterator[str]:
    error = f" ended with: {_text(cell['error'])}" if cell["error"] else " printed, at the end:"
    yield f"<p>Cell <code>{_text(cell['cell'])}</code>{error}</p>"
    if shown := block(cell["output"]):
        yield f"<pre>{escape(shown)}</pre>"


def _text(words: str) -> str:
    return escape(one_line(words))
