"""One page for the class, whole in one file: pictures of the class first, then each submission."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from course.checks.table import marked
from course.grade.report import people
from course.grade.report.counts import Rate, by_lab, counted, graded, overview, rates, spread
from course.grade.report.look import STYLE
from course.grade.report.safe import one_line
from course.grade.results import Result

if TYPE_CHECKING:
    from course.plots import Picture

NOTHING = "Nothing was graded, so there is nothing to draw."
# Were an escape ever forgotten, no script would run and nothing would be fetched.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Grading report</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>Grading report</h1>
{content}
</main>
</body>
</html>
"""


def html(results: Sequence[Result]) -> str:
    """The page of *results*."""
    parts = [f"<p>{escape(overview(results))}</p>", *_class(results), *people.submissions(results)]
    return FRAME.format(policy=POLICY, style=STYLE, content="\n".join(parts))


def _class(results: Sequence[Result]) -> Iterator[str]:
    kept = graded(results)
    yield "<h2>The class</h2>"
    yield from _left_out(len(results) - len(kept))
    if not kept:
        yield f"<p>{NOTHING}</p>"
        return
    from course.grade.report import pictures

    for lab, theirs in by_lab(kept).items():
        yield f"<h3>{escape(one_line(lab))}</h3>"
        earned, promises = spread(theirs), rates(theirs)
        yield _figure(pictures.points(lab, earned))
        yield from _numbers_of_points(earned)
        yield _figure(pictures.rates(lab, promises))
        yield from _numbers_of_rates(promises)
    yield "<h3>Time</h3>"
    yield _figure(pictures.seconds(kept))


def _left_out(number: int) -> Iterator[str]:
    if number:
        stay = "stays" if number == 1 else "stay"
        yield (
            f"<p>{counted(number, 'submission')} {stay} out of the pictures and numbers here: "
            "what was refused, or could not be graded, says nothing about what the class can do.</p>"
        )


def _figure(picture: Picture) -> str:
    data, words = base64.b64encode(picture.png).decode(), escape(picture.finding)
    image = f'<img alt="{words}" src="data:image/png;base64,{data}">'
    return f"<figure>{image}<figcaption>{words}</figcaption></figure>"


def _numbers_of_points(earned: dict[int, int]) -> Iterator[str]:
    rows = [(str(points), str(number)) for points, number in earned.items() if number]
    yield from _numbers(("Points earned", "Submissions"), rows)


def _numbers_of_rates(promises: Sequence[Rate]) -> Iterator[str]:
    rows = [
        (marked(one_line(rate.promise)), str(rate.passed), str(rate.failed), str(rate.blocked))
        for rate in promises
    ]
    yield from _numbers(("Promise", "Passed", "Not yet", "Waits"), rows)


def _numbers(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The numbers of a picture for those who can't see it, or want them exact; *rows* are HTML."""
    head = "".join(f'<th scope="col">{each}</th>' for each in columns)
    yield f"<details><summary>The numbers</summary><table><thead><tr>{head}</tr></thead><tbody>"
    for first, *more in rows:
        cells = "".join(f"<td>{each}</td>" for each in more)
        yield f'<tr><th scope="row">{first}</th>{cells}</tr>'
    yield "</tbody></table></details>"
