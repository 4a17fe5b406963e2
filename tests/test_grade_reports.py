"""Reports say what the results say, in an order that stays, and no learner's text gets to act in them."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import mistune
import pytest

from course.grade import report
from course.grade.report import counts, findings, gradebook, look, machine, page, safe, summary
from course.grade.results import Result, State

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = json.loads((ROOT / "docs" / "results.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": "\"'><img src=x onerror=alert(1)>",
    "pipe": "a | b \\| c",
    "backticks": "` `` ``` <b>bold</b> `",
    "cdata": "]]> <![CDATA[ --> </testcase> </pre> &lt; &",
    "control": "a\x00b\x08c\x1b[31md\ufffe\u202ee\ud800f\x85g",
    "lines": "x\r\n\n# A heading\n\n| a | b | c | d |\n|---|---|---|---|\n::error::x\n~~~\n",
    "formula": '=HYPERLINK("http://evil.example";"x")',
    "tab": "\t=1+1;=2+2",
    "at": "@SUM(1)",
    "minus": "-1",
    "plus": "+1",
    "link": "[x](javascript:alert(1)) ![y](http://evil.example/y.png) https://evil.example **z**",
    "long": "x" * 10_240,
    "nothing": "",
}
PROMISES = (
    "A container named `web` runs.",
    "Its page answers on port `8090`.",
    'The file "cost" says <b>$1</b>, not $2.',
)
PASSED, FAILED, WAITS, BROKEN = "pass", "fail", "blocked", "error"


def verdict(place: int, status: str, seen: str = "web runs.", look: str = "`docker ps`") -> dict[str, Any]:
    """A verdict on the check at *place*, which is worth one point more than its place."""
    points = place + 1
    earned = points if status == PASSED else 0
    return {
        "name": f"check_{place}", "promise": PROMISES[place], "points": points, "earned": earned,
        "status": status, "seen": seen, "look": look,
    }  # fmt: skip


def graded(name: str, *statuses: str, lab: str = "06-ports", text: str = "as it is", **more: Any) -> Result:
    """A submission with these verdicts; *text* is what the learner could choose."""
    checks = tuple(verdict(place, status, text, text) for place, status in enumerate(statuses))
    earned, points = (sum(check[key] for check in checks) for key in ("earned", "points"))
    state: State = "error" if BROKEN in statuses else "graded"
    settings: dict[str, Any] = {
        "file": f"in/{name}.ipynb", "note": text, "end": "done", "tries": 1, "seconds": 2.5,
        "date": "2026-11-02T10:00:00+00:00",
        "cells": ({"cell": text, "error": text, "output": text},),
    }  # fmt: skip
    return Result(
        name=name, lab=lab, submission="a" * 64, version="b" * 16, state=state,
        earned=earned, points=points, checks=checks, **{**settings, **more},
    )  # fmt: skip


def refused(name: str, note: str = "It is no notebook. Next: save it from JupyterLab") -> Result:
    """A file that was no submission."""
    return Result(name, f"in/{name}.ipynb", "", "", "", "refused", note, date="2026-11-02T10:00:00+00:00")


def broken(name: str, note: str = "PrivateEngineError: it ended", lab: str = "06-ports") -> Result:
    """A submission on which the grader failed before there was any verdict."""
    return Result(name, f"in/{name}.ipynb", lab, "a" * 64, "b" * 16, "error", note, points=6, tries=2)


def hostile_class() -> list[Result]:
    """Each hostile text in every field that a learner can fill, in each state."""
    return [
        made
        for text in HOSTILE.values()
        for made in (
            graded(text, PASSED, FAILED, FAILED, text=text),
            graded(text, FAILED, WAITS, BROKEN, text=text, lab="00-start"),
            refused(text, text or "no"),
            broken(text, text, lab="00-start"),
        )
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports on the hostile class."""
    made = tmp_path_factory.mktemp("reports")
    report.write(hostile_class(), made)
    return made


def shown(text: str) -> str:
    """What a report shows of *text* on one line."""
    return safe.one_line(safe.writable(text))


# JSON


def test_the_results_are_as_the_schema_says(folder: Path) -> None:
    """results.json of every state and of hostile text fits docs/results.schema.json."""
    VALIDATOR.check_schema(SCHEMA)
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert len(content["results"]) == len(hostile_class())
    assert [error.message for error in VALIDATOR.iter_errors(content)] == []


def test_the_schema_describes_every_field() -> None:
    """Each property anywhere in the schema says in words what it is, and a result has no other fields."""

    def undescribed(node: Any) -> Iterator[str]:
        for name, each in node.get("properties", {}).items():
            yield from [] if each.get("description") else [name]

    nodes = [SCHEMA, *SCHEMA["$defs"].values()]
    assert [name for node in nodes for name in undescribed(node)] == []
    assert set(SCHEMA["$defs"]["result"]["properties"]) == {field.name for field in fields(Result)}
    assert set(SCHEMA["$defs"]["verdict"]["properties"]) == set(verdict(0, PASSED))


@pytest.mark.parametrize(
    "change",
    [{"state": "done"}, {"checks": []}, {"earned": -1}, {"name": None}, {"more": 1},
     {"state": "refused"}, {"checks": [verdict(0, BROKEN)]}, {"cells": [{"cell": "x"}]}],
)  # fmt: skip
def test_the_schema_refuses_what_is_no_result(change: dict[str, Any]) -> None:
    """A wrong state, a verdict without checks, a missing or an unknown field does not pass for a result."""
    content = json.loads(machine.results_json([graded("ada", PASSED)]))
    assert VALIDATOR.is_valid(content)
    content["results"][0].update(change)
    assert not VALIDATOR.is_valid(content)


def test_the_json_holds_learners_text_as_it_was() -> None:
    """Nothing but half characters is changed, and the file is ASCII, so that it can't upset a terminal."""
    text = HOSTILE["control"]
    written = machine.results_json(report.ready([graded("ada", PASSED, text=text)]))
    assert written.isascii()
    assert json.loads(written)["results"][0]["cells"][0]["output"] == text.replace("\ud800", "\ufffd")


# JUnit


def suites(text: str) -> list[ElementTree.Element]:
    """The suites of a JUnit file."""
    return list(ElementTree.fromstring(text))


def test_junit_holds_hostile_text_as_text(folder: Path) -> None:
    """The file is XML whatever learners wrote, with a suite for each submission under its own name."""
    found = suites((folder / "junit.xml").read_text(encoding="utf-8"))
    assert len(found) == len(hostile_class())
    names = {suite.attrib["name"] for suite in found}
    assert {shown(f"06-ports {text}") for text in HOSTILE.values()} <= names


def test_junit_tells_failed_waiting_and_broken_apart() -> None:
    """A fail is a failure, a check that waits is skipped, one that broke is an error, and counts agree."""
    (suite,) = suites(machine.junit([graded("ada", PASSED, FAILED, WAITS)]))
    assert [[said.tag for said in case] for case in suite] == [[], ["failure"], ["skipped"]]
    assert [suite.attrib[key] for key in ("tests", "failures", "errors", "skipped")] == ["3", "1", "0", "1"]
    (suite,) = suites(machine.junit([graded("ada", PASSED, BROKEN)]))
    assert suite.attrib["errors"] == "2"


@pytest.mark.parametrize(
    ("result", "tag"),
    [(refused("ada"), "failure"), (broken("ada"), "error"), (graded("ada"), "error"),
     (replace(graded("ada", PASSED), state="error"), "error")],
)  # fmt: skip
def test_junit_is_never_green_without_a_verdict(result: Result, tag: str) -> None:
    """What was refused, what broke the grader, and what no check looked at has a case that says so."""
    root = ElementTree.fromstring(machine.junit([result]))
    assert root.attrib[f"{tag}s"] == "1"
    assert [said.tag for said in root.findall("testsuite/testcase/*")] == [tag]


# Classroom 50


def test_classroom50_has_its_keys_and_no_others() -> None:
    """The keys are those of the contract, and points add up."""
    made = machine.classroom50(graded("ada", PASSED, FAILED, WAITS))
    assert set(made) == {"schema", "score", "max-score", "tests"}
    assert (made["schema"], made["score"], made["max-score"]) == ("classroom50/result/v1", 1, 6)
    assert made["tests"][1] == {"test-name": "check_1", "passed": False, "score": 0, "max-score": 2}


def test_classroom50_does_not_pass_what_was_refused() -> None:
    """A refused submission fails one test: nothing of nothing would count as passed."""
    made = machine.classroom50(refused("ada"))
    assert made["max-score"] > made["score"] == 0
    assert [test["passed"] for test in made["tests"]] == [False]


def test_classroom50_gets_no_score_from_an_error(tmp_path: Path) -> None:
    """Where the grader failed there is no file, and one from before is gone."""
    (before,) = machine.write_classroom50([graded("ada", PASSED)], tmp_path)
    assert before.exists()
    assert machine.write_classroom50([broken("ada")], tmp_path) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("after", [[], [refused("ada")], [graded("ada", PASSED, lab="00-start")]])
def test_classroom50_holds_no_score_of_another_run(after: list[Result], tmp_path: Path) -> None:
    """Whoever's notebook is now refused, of another lab, or gone, keeps no score beside the other reports."""
    report.write([graded("ada", PASSED)], tmp_path)
    report.write(after, tmp_path)
    there = {file.name for file in (tmp_path / "classroom50").iterdir()}
    assert there == {machine.classroom50_name(each) for each in after}


def test_names_become_files_that_stay_in_their_folder(folder: Path) -> None:
    """Whatever a name holds, its file lies in classroom50/ and no two names share one."""
    names = [
        *HOSTILE.values(),
        "ada",
        "Ada",
        "ada.b",
        "ada-b",
        "../../etc/passwd",
        "a/b",
        "a-b",
        ".",
        "con",
        "é",
    ]
    files = [machine.classroom50_name(refused(safe.writable(name))) for name in names]
    assert all(re.fullmatch(r"none\.[a-z0-9_.-]+\.json", file) for file in files)
    assert len(set(files)) == len(names)
    assert machine.classroom50_name(graded("ada", PASSED)) == "06-ports.ada.json"
    assert len(list((folder / "classroom50").iterdir())) == 2 * len(HOSTILE)


# CSV


def rows(text: str, delimiter: str = ",") -> list[list[str]]:
    """The rows of a CSV file below its head."""
    return list(csv.reader(text.splitlines(), delimiter=delimiter))[1:]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_no_cell_of_the_gradebook_is_a_formula(folder: Path, delimiter: str) -> None:
    """No cell begins as a formula does, also where a spreadsheet splits at semicolons."""
    found = rows((folder / "results.csv").read_text(encoding="utf-8"), delimiter)
    assert len(found) == len(hostile_class())
    assert [cell for row in found for cell in row if re.match(r"\s*[=+@\-\t\r]", cell)] == []


def test_the_gradebook_has_a_row_for_each_submission() -> None:
    """Numbers stand where there is a verdict; a refused file earned nothing; an error says nothing."""
    results = [graded("ada", PASSED, FAILED, text=""), refused("bob", "no"), broken("eve", "why")]
    assert rows(gradebook.csv_table(results)) == [
        ["ada", "06-ports", "1", "3", "33.3", "graded", ""],
        ["bob", "", "0", "", "", "refused", "no"],
        ["eve", "06-ports", "", "6", "", "error", "why"],
    ]


# Markdown


class Tags(HTMLParser):
    """What a browser would find: tags with their attributes, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text.append(data)

    def counted(self) -> Counter[str]:
        """How often each tag stands."""
        return Counter(tag for tag, _ in self.tags)


def rendered(markdown: str) -> Tags:
    """Markdown as a site would show it, with tables, bare links and raw HTML allowed."""
    render = mistune.create_markdown(escape=False, plugins=["table", "url", "strikethrough"])
    return Tags(str(render(markdown)))


def test_nothing_hostile_acts_in_the_summary(folder: Path) -> None:
    """The summary shows only its own elements: no link, no picture, no heading and no cell is a learner's."""
    found = rendered((folder / "summary.md").read_text(encoding="utf-8"))
    number = found.counted()
    submissions = len(hostile_class())
    assert set(number) == {
        "h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong", "code",
    }  # fmt: skip
    assert (number["h1"], number["h2"], number["table"]) == (1, submissions, 1)
    assert (number["tr"], number["td"]) == (submissions + 1, 4 * submissions)


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_summary_shows_what_a_learner_wrote(kind: str) -> None:
    """Escaped does not mean lost: the words are there, a pipe in a table's cell as a broken one."""
    text = shown(HOSTILE[kind])
    found = rendered(summary.markdown(report.ready([graded("ada", FAILED, text=HOSTILE[kind])])))
    assert text in "".join(found.text)
    assert set(found.counted()) <= {
        "h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "strong", "code",
    }  # fmt: skip


def test_the_summary_names_what_is_missing() -> None:
    """A failed check has its promise, what was seen and where to look; a passed one is not named."""
    text = summary.markdown([graded("ada", PASSED, FAILED, WAITS, text="")])
    assert PROMISES[0] not in text
    assert f"- **✗ not yet**: {PROMISES[1]}" in text
    assert r'**… waits**: The file "cost" says \<b\>\$1\</b\>, not \$2.' in text
    assert "| `ada` | `06-ports` | 1 of 6 | graded |" in text


def test_the_summary_does_not_blame_a_learner_for_an_error() -> None:
    """Where the grader failed, no points are shown, and it says that there is no verdict."""
    text = summary.markdown([graded("ada", PASSED, BROKEN)])
    assert counts.NO_VERDICT in text
    assert "1 of 3" not in text


def test_a_large_class_has_a_summary_that_ci_takes() -> None:
    """The summary stays below the megabyte that GitHub takes, and says how many it leaves out."""
    everyone = [graded(f"{place:04}", FAILED, FAILED, FAILED, text=HOSTILE["long"]) for place in range(800)]
    text = summary.markdown(everyone)
    named = len(re.findall("^## ", text, re.MULTILINE))
    assert len(text.encode()) < 1_000_000
    assert 0 < named < 800
    assert f"no room here for the last {800 - named} submissions" in text


# The page


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    """The page of the hostile class."""
    return (folder / "report.html").read_text(encoding="utf-8")


def test_nothing_hostile_acts_on_the_page(html: str) -> None:
    """Every element and attribute of the page is the page's own."""
    found = Tags(html)
    assert set(found.counted()) == {
        "html", "head", "meta", "title", "link", "style", "body", "main", "h1", "h2", "h3", "p", "br", "div",
        "figure", "img", "figcaption", "details", "summary", "table", "thead", "tbody", "tr", "th", "td",
        "code", "pre",
    }  # fmt: skip
    assert {name for _, attributes in found.tags for name in attributes} == {
        "lang", "charset", "http-equiv", "content", "name", "rel", "href", "alt", "src", "class", "scope",
        "colspan", "tabindex", "role", "aria-label",
    }  # fmt: skip


def test_the_page_fetches_nothing(html: str) -> None:
    """Pictures and icon lie in the page, its style names no address, and its policy forbids the rest."""
    found = Tags(html)
    addresses = [
        a for _, attributes in found.tags for name, a in attributes.items() if name in ("src", "href")
    ]
    assert len(addresses) > 3
    assert all(address is not None and address.startswith("data:") for address in addresses)
    assert "url(" not in look.STYLE
    assert "@import" not in look.STYLE
    assert "default-src 'none'" in html


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_page_shows_what_a_learner_wrote(html: str, kind: str) -> None:
    """The words stand on the page as text."""
    assert shown(HOSTILE[kind]) in "\n".join(Tags(html).text)


def test_no_character_on_the_page_is_invisible(html: str) -> None:
    """Control characters and those that turn the direction of text are not passed on."""
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", html) == []


def test_the_page_keeps_the_end_of_a_long_output() -> None:
    """Of much output its last lines are shown, without the colours of a terminal."""
    output = "\n".join(f"\x1b[32mline {place}\x1b[0m" for place in range(500))
    kept = safe.block(output)
    assert kept.startswith("…")
    assert kept.splitlines()[1:] == [f"line {place}" for place in range(481, 500)]
    assert len(safe.block(HOSTILE["long"])) < 2000


def test_a_flood_of_cells_is_cut_and_counted() -> None:
    """A learner's Python can speak of a thousand cells; pages for people show some and say how many more."""
    cells = tuple({"cell": f"c{place}", "error": "boom", "output": "boom"} for place in range(1000))
    flood = [graded("ada", PASSED, cells=cells)]
    assert "960 more cells said something" in page.html(flood)
    assert "990 more cells ended with an error" in summary.markdown(flood)
    assert page.html(flood).count("<pre>") == 40


def test_headings_are_in_order(html: str) -> None:
    """There is one first heading, and no level is skipped."""
    levels = [int(tag[1]) for tag, _ in Tags(html).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_picture_says_its_finding_twice(html: str) -> None:
    """A picture's alt text is the full sentence that stands below it."""
    alts = [attributes["alt"] for tag, attributes in Tags(html).tags if tag == "img"]
    captions = re.findall("<figcaption>(.*?)</figcaption>", html)
    assert alts == ["".join(Tags(caption).text) for caption in captions]
    assert all(alt and alt.endswith(".") for alt in alts)


@pytest.mark.parametrize("results", [[], [refused("ada"), broken("eve")]])
def test_with_nothing_graded_the_page_draws_nothing(results: Sequence[Result]) -> None:
    """There is a sentence in place of empty pictures."""
    html = page.html(results)
    assert page.NOTHING in html
    assert "<img" not in html


def test_the_page_says_how_it_went() -> None:
    """Each state is in words: why one was refused, and that an error is no verdict."""
    html = page.html([refused("ada", "It is no notebook."), broken("eve", "It ended.")])
    assert "refused<br>It is no notebook." in html
    assert f"{counts.NO_VERDICT}<br>It ended." in html
    assert "2 submissions stay out of the pictures" in html


# The numbers

CLASS = [
    graded("ada", PASSED, PASSED, PASSED),
    graded("bob", PASSED, FAILED, WAITS),
    graded("cleo", PASSED, FAILED, FAILED, seconds=40.0),
    graded("dan", FAILED, WAITS, WAITS),
]
LEFT_OUT = [refused("eve"), broken("fay"), graded("gus", PASSED, PASSED, BROKEN)]


def kept(results: Sequence[Result]) -> list[tuple[int, int, int, int]]:
    """The rates of the graded among *results*, as numbers."""
    found = counts.rates(counts.graded(results))
    return [(rate.passed, rate.failed, rate.blocked, rate.graded) for rate in found]


def test_rates_count_what_the_checks_said() -> None:
    """Passed, failed and waiting are counted for each promise, in teaching order."""
    assert kept(CLASS) == [(3, 1, 0, 4), (1, 2, 1, 4), (1, 1, 2, 4)]
    assert [rate.promise for rate in counts.rates(CLASS)] == list(PROMISES)
    assert kept([*CLASS, graded("hal", FAILED, PASSED, PASSED)])[0] == (3, 2, 0, 5)


def test_points_are_spread_over_all_that_can_be_earned() -> None:
    """Each number of points has its count, none among them."""
    assert counts.spread(CLASS) == {0: 1, 1: 2, 2: 0, 3: 0, 4: 0, 5: 0, 6: 1}


def test_what_has_no_verdict_stays_out_of_the_numbers() -> None:
    """Refused submissions and errors change no rate, no spread and no total of points."""
    assert kept([*CLASS, *LEFT_OUT]) == kept(CLASS)
    assert counts.overview([*CLASS, *LEFT_OUT]) == (
        "7 submissions: 4 graded, 1 refused, 2 could not be graded. The graded earned 8 of 24 points."
    )


def test_the_page_shows_the_rates() -> None:
    """The page has the numbers of its pictures as a table."""
    html = page.html([*CLASS, *LEFT_OUT])
    row = '<th scope="row">Its page answers on port <code>8090</code>.</th><td>1</td><td>2</td><td>1</td>'
    assert row in html
    assert "3 submissions stay out" in html


def test_findings_come_from_the_numbers() -> None:
    """The sentences name what is missed most, the median and the slowest."""
    assert findings.of_rates("06-ports", counts.rates(CLASS)) == (
        "In 06-ports the class misses most: “Its page answers on port 8090” and "
        '“The file "cost" says <b>$1</b>, not $2”, kept by 1 of 4 graded submissions each.'
    )
    assert findings.of_points("06-ports", counts.spread(CLASS)) == (
        "In 06-ports the median of 4 graded submissions is 1 of 6 points; 1 has every point, 1 has none."
    )
    assert "40.0 s at most, in 06-ports" in findings.of_seconds(CLASS)
    best = counts.rates([graded("ada", PASSED, PASSED)])
    assert findings.of_rates("x", best) == "In x every promise is kept by 1 of 1 graded submission."


# All of them together


def test_the_order_of_results_changes_no_report(tmp_path: Path) -> None:
    """However results come, each report has the same bytes, its pictures too."""
    results = [*CLASS, *LEFT_OUT, *(replace(each, lab="00-start") for each in CLASS)]
    shuffled = random.Random(1).sample(results, len(results))
    files = [report.write(each, tmp_path / name) for each, name in ((results, "a"), (shuffled, "b"))]
    assert [file.name for file in files[0]] == [file.name for file in files[1]]
    for one, other in zip(*files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_every_file_that_is_named_is_there(tmp_path: Path) -> None:
    """What is given back is what was written, and all of it."""
    found = report.write([graded("ada", PASSED), refused("bob")], tmp_path / "new" / "folder")
    there = {file for file in (tmp_path / "new" / "folder").rglob("*") if file.is_file()}
    assert set(found) == there
    assert {file.name for file in there} >= {
        "results.json", "junit.xml", "summary.md", "results.csv", "report.html", "06-ports.ada.json",
    }  # fmt: skip


def test_reports_are_loaded_without_anything_heavy() -> None:
    """Whoever grades waits for matplotlib only where there is something to draw."""
    code = (
        "import sys; import course.grade.report; print({'matplotlib', 'pandas', 'docker'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
