"""Results for programs: JSON of all, JUnit for CI, a file each for Classroom 50; sets no exit code."""

from __future__ import annotations

import hashlib
import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from course.grade.report.counts import NO_VERDICT
from course.grade.report.safe import one_line
from course.grade.results import SCHEMA, Result

CLASSROOM50 = "classroom50/result/v1"
OUTCOMES = {"fail": "failure", "blocked": "skipped", "error": "error"}
JUDGED = "could_be_judged"
PLAIN_NAME = re.compile(r"[a-z0-9_-]{1,60}")


def results_json(results: Sequence[Result]) -> str:
    """Everything that is known, as docs/results.schema.json describes it; ASCII, so it is safe to print."""
    content = {"schema": SCHEMA, "results": [asdict(each) for each in results]}
    return json.dumps(content, indent=1) + "\n"


def junit(results: Sequence[Result]) -> str:
    """A suite for each submission, a test case for each check; a submission without verdict is a case too."""
    root = Element("testsuites", name="grading")
    for each in results:
        root.append(_suite(each))
    _count(root, list(root.iter("testcase")))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(result: Result) -> Element:
    name = one_line(f"{result.lab} {result.name}")
    suite = Element("testsuite", name=name, time=f"{result.seconds:.2f}", timestamp=one_line(result.date))
    for verdict in result.checks:
        words = [f"Seen: {one_line(verdict['seen'])}", f"Look: {one_line(verdict['look'])}"]
        _case(suite, verdict["name"], OUTCOMES.get(verdict["status"], ""), verdict["promise"], *words)
    # A suite without a failing case is green, so what could not be judged is a case of its own.
    if result.state == "refused":
        _case(suite, JUDGED, "failure", f"Refused: {result.note}")
    elif result.state == "error" or not result.checks:
        _case(suite, JUDGED, "error", NO_VERDICT, one_line(result.note))
    _count(suite, list(suite))
    return suite


def _case(suite: Element, name: str, outcome: str, message: str, *lines: str) -> None:
    case = SubElement(suite, "testcase", classname=suite.attrib["name"], name=one_line(name))
    if outcome:
        said = SubElement(case, outcome, message=one_line(message))
        said.text = "\n".join(lines) or None


def _count(element: Element, cases: Sequence[Element]) -> None:
    outcomes = Counter(said.tag for case in cases for said in case)
    counts = {"failures": "failure", "errors": "error", "skipped": "skipped"}
    element.set("tests", str(len(cases)))
    for name, outcome in counts.items():
        element.set(name, str(outcomes[outcome]))


def write_classroom50(results: Sequence[Result], folder: Path) -> list[Path]:
    """Write into *folder* what Classroom 50 wants to know of each submission; gives the files.

    An error says nothing about the learner, and a score would: it gets no file. What an earlier run has left
    goes: the score of a notebook that is now refused, or no longer there, would pass for one of this run.
    """
    scored = {folder / classroom50_name(each): each for each in results if each.state != "error"}
    folder.mkdir(parents=True, exist_ok=True)
    for file in set(folder.glob("*.json")) - set(scored):
        file.unlink()
    for file, each in scored.items():
        file.write_text(json.dumps(classroom50(each), indent=1) + "\n", encoding="utf-8", newline="\n")
    return list(scored)


def classroom50_name(result: Result) -> str:
    """A name for a submission's file: lab and name where they are plain, else a hash tells them apart."""
    parts = (result.lab or "none", result.name)
    shown = [part if PLAIN_NAME.fullmatch(part) else _plain(part) for part in parts]
    return ".".join([*shown, "json"])


def _plain(name: str) -> str:
    key = hashlib.sha256(name.encode()).hexdigest()[:12]
    # The dot keeps it apart from every name that is plain already.
    return f"{re.sub('[^a-z0-9]+', '-', name.lower())[:40]}.{key}"


def classroom50(result: Result) -> dict[str, Any]:
    """The part of Classroom 50's result.json that a grader knows; its runner knows whose it is and when."""
    tests = [
        _test(one_line(verdict["name"]), verdict["status"] == "pass", verdict["earned"], verdict["points"])
        for verdict in result.checks
    ]
    # Nothing of nothing would count as passed there.
    tests = tests or [_test(JUDGED, False, 0, 1)]
    return {
        "schema": CLASSROOM50,
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def _test(name: str, passed: bool, earned: int, points: int) -> dict[str, Any]:
    return {"test-name": name, "passed": passed, "score": earned, "max-score": points}
