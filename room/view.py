"""The instructor's page as HTML; each word of it that comes from elsewhere is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape

from room import records
from room.records import Learner

EVERY_SECONDS = 5
HEAD = ("learner", "server", "last sign of life", "notebook", "cells", "run to the end", "labs", "")
STYLE = """
body { font: 16px/1.4 sans-serif; margin: 1.5em; color: #111; background: #fff }
table { border-collapse: collapse; margin: 0 0 2em } th, td { text-align: left; padding: .2em 1em .2em 0 }
thead th { border-bottom: 2px solid #555 } tbody tr { border-bottom: 1px solid #ccc }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111 } }
"""


def html(servers: Mapping[str, str], found: Mapping[str, Learner], now: datetime) -> str:
    """The whole page: *servers* says by name what the hub knows, *found* what the records say."""
    rows = [_cells(name, servers.get(name, ""), found[name], now) for name in sorted(found)]
    failing = [(lab, check, str(number)) for lab, check, number in records.failing_most(found.values())]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta http-equiv="refresh" content="{EVERY_SECONDS}">'
        f"<title>The room</title><style>{STYLE}</style><h1>The room</h1>"
        f"<p>{sum(bool(servers.get(name)) for name in found)} of {len(found)} have a server; "
        f"{now.astimezone():%H:%M:%S}, anew every {EVERY_SECONDS} s.</p>"
        + _table(HEAD, rows)
        + "<h2>Checks that fail most</h2>"
        + (_table(("lab", "check", "learners"), failing) if failing else "<p>None so far.</p>")
        + "</html>"
    )


def _cells(name: str, server: str, learner: Learner, now: datetime) -> tuple[str, ...]:
    labs = ", ".join(
        f"{lab.removeprefix('labs/')[:2]}: {earned}/{points}"
        for lab, (earned, points) in sorted(learner.points.items())[:40]
    )
    damage = f"{learner.bad_lines} lines of the record can't be read" if learner.bad_lines else ""
    notes = "; ".join(each for each in (damage, learner.note) if each)
    finished = str(learner.finished) if learner.finished else ""
    cells = str(learner.cells) if learner.cells else ""
    return name, server, _ago(learner.last, now), learner.notebook, cells, finished, labs, notes


def _ago(when: datetime | None, now: datetime) -> str:
    if when is None:
        return ""
    seconds = max(0, int((now - when).total_seconds()))
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    body = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"
