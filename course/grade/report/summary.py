"""Results as Markdown for a CI summary: who earned what, then what is missing; learners' text is code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from course.checks.table import SHOWN
from course.grade.report.counts import NO_VERDICT, STATES, counted, overview
from course.grade.report.safe import code, code_in_table, words
from course.grade.results import Result

MOST_NAME = 80
MOST_ERROR = 200
MOST_ERRORS = 10
# GitHub takes a megabyte a step; the table stands before this and needs its part.
MOST_BYTES = 500_000


def markdown(results: Sequence[Result]) -> str:
    """The table of submissions, then a section for each that has something to say."""
    lines = ["# Grading", "", overview(results), "", *_table(results)]
    return "\n".join([*lines, *_sections(results)]).rstrip("\n") + "\n"


def _table(results: Sequence[Result]) -> list[str]:
    if not results:
        return []
    rows = [
        f"| {code_in_table(each.name, MOST_NAME)} | {code_in_table(each.lab, MOST_NAME)} "
        f"| {points(each)} | {STATES[each.state]} |"
        for each in results
    ]
    return ["| Submission | Lab | Points | State |", "|---|---|---|---|", *rows, ""]


def points(result: Result) -> str:
    """The points in words, and a dash where there is no verdict."""
    return f"{result.earned} of {result.points}" if result.state == "graded" else "–"


def _sections(results: Sequence[Result]) -> Iterator[str]:
    room = MOST_BYTES
    for place, each in enumerate(results):
        lines = list(_section(each))
        room -= sum(len(line.encode()) + 1 for line in lines)
        if room < 0:
            rest = counted(len(results) - place, "submission")
            yield f"There is no room here for the last {rest}: what is missing stands in report.html."
            return
        yield from lines


def _section(result: Result) -> Iterator[str]:
    said = [*_state(result), *_checks(result), *_errors(result)]
    if said:
        named = f"{code(result.name, MOST_NAME)} {code(result.lab, MOST_NAME)}".rstrip()
        came_to = f"{points(result)} points" if result.state == "graded" else STATES[result.state]
        yield from (f"## {named}: {came_to}", "", *said, "")


def _state(result: Result) -> Iterator[str]:
    if result.state == "error":
        yield f"- {NO_VERDICT}"
    if result.note:
        yield f"- {code(result.note)}"


def _checks(result: Result) -> Iterator[str]:
    for verdict in result.checks:
        if verdict["status"] == "pass":
            continue
        yield f"- **{SHOWN[verdict['status']]}**: {words(verdict['promise'])}"
        if verdict["seen"]:
            yield f"  - Seen: {code(verdict['seen'])}"
        if verdict["look"]:
            yield f"  - Look: {code(verdict['look'])}"


def _errors(result: Result) -> Iterator[str]:
    broken = [each for each in result.cells if each["error"]]
    for each in broken[:MOST_ERRORS]:
        yield f"- Cell {code(each['cell'], MOST_NAME)} ended with {code(each['error'], MOST_ERROR)}"
    if len(broken) > MOST_ERRORS:
        yield f"- {counted(len(broken) - MOST_ERRORS, 'more cell')} ended with an error."
