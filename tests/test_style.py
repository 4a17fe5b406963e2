"""Every notebook keeps the house style, and each rule of it is shown a notebook that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import house_style
import pages
import pytest
import style_chapter as chapters
import style_code as commands
import style_outputs as outputs
import style_prose as prose
from house_style import RULES, Rule
from pages import UNCOMPARED, Page

Cells = list[dict[str, Any]]
Change = Callable[[Cells], object]

PAGES = {house_style.file_of(page.path): page for page in pages.all_pages()}
EVERY = [
    pytest.param(page, rule, id=f"{name}-{rule.__name__}")
    for name, page in PAGES.items()
    for rule in RULES[page.kind]
]


def test_there_are_chapters_labs_and_solutions() -> None:
    """A listing that finds nothing would keep every rule."""
    assert {page.kind for page in PAGES.values()} == set(RULES)


@pytest.mark.parametrize(("page", "rule"), EVERY)
def test_a_notebook_keeps_the_rule(page: Page, rule: Rule) -> None:
    """No notebook breaks a rule of its kind."""
    faults = rule(page)
    assert not faults, f"{rule.__doc__}\n" + "\n".join(faults)


def md(name: str, text: str) -> dict[str, Any]:
    """A markdown cell."""
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def code(name: str, text: str, *shown: dict[str, Any], tags: tuple[str, ...] = ()) -> dict[str, Any]:
    """A code cell; its count comes when the notebook is written."""
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "id": name, "metadata": metadata, "source": text, "outputs": list(shown)}


def picture(alt: str) -> dict[str, Any]:
    """The output of a cell that draws."""
    return {"output_type": "execute_result", "data": {"text/html": f'<img alt="{alt}" src="data:,">'}}


def chapter() -> Cells:
    """A chapter that keeps every rule, as short as one can be."""
    rows = "| **Time** | 5 minutes |\n| **Needs** | an engine |\n| **Images** | busybox |"
    table = f"| What | For this chapter |\n|---|---|\n{rows}"
    goals = "**You will be able to**\n\n- *run* a thing;\n- *stop* it;\n- *read* what it said."
    return [
        md("title", "# 80 · A chapter\n\nYou learn one thing."),
        md("needs", f"{table}\n\n{goals}"),
        code("setup", 'from course import lesson\n\nlesson.start("80-chapter")', tags=(UNCOMPARED,)),
        md("warm-up", "## Warm-up: two questions\n\nAnswer them from memory."),
        code("warm-up-quiz", 'lesson.quiz("warm-up", mine="?")'),
        md("s1", "## A container is a process\n\nEach has a **name**.\n\n**Predict:** which one is it?"),
        code("predict-name", 'lesson.predict("name", "a", "b", mine="?")'),
        code("name-run", "%%shell\ndocker run --rm busybox:1.37 echo hello"),
        md("s2", "## How long does it take?\n\nThe helper measures.\nSee the [chapter](80-chapter.ipynb)."),
        code("time-measure", "times = measure()\ntimes", tags=(UNCOMPARED,)),
        code("picture", "plots.spread(times)", picture("It takes under a second."), tags=(UNCOMPARED,)),
        code("time-proof", "assert max(times) < 10"),
        md("s3", "## What breaks?\n\nA name that is taken."),
        code("taken-run", "%%shell --expect 125\ndocker run --name x nginx:1.26"),
        md("check-yourself", "## Check yourself\n\nAnswer them from memory."),
        code("check-quiz", 'lesson.quiz("check", mine="?")'),
        md("recap", f"## Recap\n\n{chapters.RECAP_HEAD}\n|---|---|---|\n| `docker ps` | lists | often |"),
        md("clean-up", "## Clean up\n\nRemove what this chapter made."),
        code("clean", "%%shell\ndocker rm x"),
        code("leftovers", "lesson.leftovers()", {"text": f"{outputs.NOTHING_LEFT}\n"}),
        md("next", "## What's next\n\n**The lab:** [go on](../labs/80-chapter/lab.ipynb)."),
    ]  # fmt: skip


def written(folder: Path, cells: Cells, kind: pages.Kind = "chapter", *, counted: bool = True) -> Page:
    """The notebook, written below *folder* and read back."""
    number = 0
    for cell in cells:
        if cell["cell_type"] == "code":
            number += 1
            cell.setdefault("execution_count", number if counted else None)
    place = {"chapter": "notebooks/80-chapter.ipynb"}.get(kind, f"{kind}s/80-chapter/lab.ipynb")
    for file in (place, "labs/80-chapter/lab.ipynb"):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    path = folder / place
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4}))
    return pages.read(path, kind)


def put(name: str, text: str) -> Change:
    """Give cell *name* another text."""
    return lambda cells: found(cells, name).update(source=text)


def more(name: str, text: str) -> Change:
    """Add *text* to cell *name*."""
    return lambda cells: found(cells, name).update(source=found(cells, name)["source"] + text)


def swap(name: str, old: str, new: str) -> Change:
    """Replace *old*, which is there, in cell *name*."""

    def change(cells: Cells) -> None:
        text = found(cells, name)["source"]
        assert old in text
        found(cells, name).update(source=text.replace(old, new))

    return change


def drop(name: str) -> Change:
    """Take cell *name* away."""
    return lambda cells: cells.remove(found(cells, name))


def tag(name: str, *tags: str) -> Change:
    """Give cell *name* these tags."""
    return lambda cells: found(cells, name).update(metadata={"tags": list(tags)})


def found(cells: Cells, name: str) -> dict[str, Any]:
    """The cell of this id."""
    return next(cell for cell in cells if cell["id"] == name)


BROKEN: list[tuple[Rule, str, Change]] = [
    (chapters.opens_with_a_title_and_a_promise, "no number", put("title", "# A chapter\n\nYou learn.")),
    (chapters.opens_with_a_title_and_a_promise, "no promise", put("title", "# 80 · A chapter")),
    (chapters.opens_with_a_title_and_a_promise, "a second H1", more("s1", "\n\n# Another")),
    (chapters.says_what_it_needs_and_gives, "no time", swap("needs", "| **Time** | 5 minutes |\n", "")),
    (chapters.says_what_it_needs_and_gives, "two goals", swap("needs", "\n- *stop* it;", "")),
    (chapters.says_what_it_needs_and_gives, "no verb", swap("needs", "*stop*", "stop")),
    (chapters.starts_with_a_short_set_up, "too long", more("setup", "\na = 1\nb = 2")),
    (chapters.starts_with_a_short_set_up, "another chapter", swap("setup", "80-", "81-")),
    (chapters.starts_with_a_short_set_up, "too late", lambda cells: cells.insert(2, cells.pop(3))),
    (chapters.warms_up, "none", drop("warm-up")),
    (chapters.warms_up, "no questions", drop("warm-up-quiz")),
    (chapters.warms_up, "an answer in it", swap("warm-up-quiz", "?", "a b")),
    (chapters.asks_in_the_end, "no questions", drop("check-quiz")),
    (chapters.asks_in_the_end, "an answer in it", swap("check-quiz", "?", "a b")),
    (chapters.ends_as_every_chapter_ends, "no recap", drop("recap")),
    (chapters.ends_as_every_chapter_ends, "no recap table", put("recap", "## Recap\n\nYou saw it.")),
    (chapters.ends_as_every_chapter_ends, "no clean-up", put("clean", "del times")),
    (chapters.ends_as_every_chapter_ends, "no leftovers", drop("leftovers")),
    (chapters.ends_as_every_chapter_ends, "no lab", put("next", "## What's next\n\nRest.")),
    (chapters.ends_as_every_chapter_ends, "two sections", swap("s3", "## ", "### ")),
    (chapters.breaks_something_on_purpose, "nothing fails", swap("taken-run", " --expect 125", "")),
    (
        chapters.is_not_too_long,
        "100 cells",
        lambda cells: cells.extend(md(f"m{n}", "x.") for n in range(100)),
    ),
    (
        commands.words_stand_between_code_cells,
        "commands",
        lambda cells: cells.insert(8, code("c", "%%shell\nls")),
    ),
    (commands.words_stand_between_code_cells, "command and measurement", drop("s2")),
    (prose.prose_is_short, "121 words", more("s3", "\n" + "word " * 121 + "end.")),
    (prose.a_line_is_a_sentence, "two on a line", more("s3", "\nOne. Two.")),
    (prose.a_line_is_a_sentence, "half a line", more("s3", "\nThis ends\non the next line.")),
    (prose.words_do_not_judge, "simply", more("s3", "\nYou simply run it.")),
    (prose.words_do_not_judge, "Just", more("s3", "\nJust run it.")),
    (prose.words_do_not_judge, "shouting", more("s3", "\nIt works!")),
    (prose.bold_is_for_new_words, "twice", more("s3", "\nA **name** again.")),
    (prose.bold_is_for_new_words, "a sentence", more("s3", "\n**You must always keep this in mind** here.")),
    (commands.commands_are_what_a_person_types, "bang", put("time-measure", "!docker ps")),
    (commands.commands_are_what_a_person_types, "bang, assigned", put("time-measure", "a = !docker ps")),
    (commands.commands_are_what_a_person_types, "bash", put("name-run", "%%bash\ndocker ps")),
    (commands.commands_are_what_a_person_types, "sleep", more("name-run", "\nsleep 5")),
    (commands.commands_are_what_a_person_types, "time.sleep", more("time-proof", "\ntime.sleep(2)")),
    (commands.code_fits_the_page, "13 lines", more("name-run", "\ntrue" * 12)),
    (commands.code_fits_the_page, "111 columns", more("name-run", "\n" + "x" * 111)),
    (commands.images_are_in_the_kit, "not in the kit", more("name-run", "\ndocker run alpine:3.23 true")),
    (commands.images_are_in_the_kit, "latest", more("name-run", "\ndocker run nginx:latest")),
    (commands.images_are_in_the_kit, "another tag", swap("name-run", "busybox:1.37", "busybox:1.36")),
    (
        commands.images_are_in_the_kit,
        "FROM without a tag",
        put("name-run", "%%writefile Dockerfile\nFROM nginx\n"),
    ),
    (
        commands.images_are_in_the_kit,
        "FROM a stage that isn't there",
        put("name-run", "%%writefile Dockerfile\nFROM busybox:1.37 AS made\nFROM other\n"),
    ),
    (outputs.counts_run_from_one, "a gap", lambda cells: found(cells, "clean").update(execution_count=17)),
    (
        outputs.counts_run_from_one,
        "not run",
        lambda cells: found(cells, "clean").update(execution_count=None),
    ),
    (
        outputs.counts_run_from_one,
        "an error",
        lambda cells: found(cells, "clean").update(outputs=[{"output_type": "error"}]),
    ),
    (outputs.tags_are_known, "another tag", tag("name-run", "raises-exception")),
    (outputs.tags_are_known, "an answer in a chapter", tag("name-run", "answer")),
    (outputs.tags_are_known, "a comment", put("name-run", "# NBVAL_SKIP\n1")),
    (outputs.measured_is_asserted, "no assertion", put("time-proof", "print(times)")),
    (outputs.measured_is_asserted, "of something else", put("time-proof", "assert 1 < 2")),
    (outputs.measured_is_asserted, "not compared", tag("time-proof", UNCOMPARED)),
    (outputs.has_pictures_that_say_something, "none", drop("picture")),
    (
        outputs.has_pictures_that_say_something,
        "no sentence",
        lambda cells: found(cells, "picture").update(outputs=[picture("a plot of times, measured")]),
    ),
    (
        outputs.has_pictures_that_say_something,
        "five",
        lambda cells: found(cells, "picture").update(outputs=[picture("It takes less than this.")] * 5),
    ),
    (
        outputs.has_pictures_that_say_something,
        "without alt",
        lambda cells: found(cells, "clean").update(outputs=[{"data": {"image/png": "…"}}]),
    ),
    (
        outputs.says_that_nothing_is_left,
        "a stranger's",
        lambda cells: found(cells, "leftovers").update(outputs=[{"text": "made by something else\n"}]),
    ),
    (
        outputs.set_up_is_stored_without_news,
        "an older build",
        lambda cells: found(cells, "setup").update(outputs=[{"text": "mongo:8.0: no source has it\n"}]),
    ),
    (prose.links_lead_somewhere, "nowhere", more("s3", "\nSee [there](no-such.ipynb).")),
    (outputs.cells_have_readable_ids, "drawn", lambda cells: cells[4].update(id="8a7f3c21")),
    (outputs.cells_have_readable_ids, "twice", lambda cells: cells[4].update(id="s3")),
    (outputs.is_a_plain_notebook, "an editor's", lambda cells: cells[4].update(metadata={"collapsed": True})),
]


def test_a_chapter_in_style_breaks_no_rule(tmp_path: Path) -> None:
    """The chapter that the tests below break is whole before they do."""
    page = written(tmp_path, chapter())
    assert [fault for rule in RULES["chapter"] for fault in rule(page)] == []


@pytest.mark.parametrize(
    ("rule", "change"), [pytest.param(r, c, id=f"{r.__name__}-{why}") for r, why, c in BROKEN]
)
def test_a_rule_sees_what_breaks_it(rule: Rule, change: Change, tmp_path: Path) -> None:
    """Each rule finds a fault in a chapter that is broken in its way."""
    cells = chapter()
    change(cells)
    assert rule(written(tmp_path, cells))


def test_every_rule_is_shown_a_notebook_that_breaks_it() -> None:
    """No rule is left that never had to find anything."""
    shown = {rule for rule, _, _ in BROKEN} | {outputs.has_no_outputs}
    assert {rule for rules in RULES.values() for rule in rules} == shown


def test_outputs_in_a_lab_are_seen(tmp_path: Path) -> None:
    """A lab with a count or an output is one that somebody ran before handing it out."""
    assert outputs.has_no_outputs(written(tmp_path, chapter(), "lab"))
    cells = [cell for cell in chapter() if not cell.get("outputs")]
    assert not outputs.has_no_outputs(written(tmp_path, cells, "lab", counted=False))


def test_an_answer_is_known_in_a_lab(tmp_path: Path) -> None:
    """The tag that a chapter must not have marks the answers of a lab."""
    cells = chapter()
    tag("name-run", "answer")(cells)
    assert outputs.tags_are_known(written(tmp_path, cells, "lab")) == []
