"""The parts that every chapter has, in their order, as rules that give faults in words."""

from __future__ import annotations

import re

from pages import Page
from style_prose import headings

CELLS = 90  # twice what a chapter usually has; past 60 it is better split
# The first chapter has no earlier ones to ask about, and explains its set-up cell before it comes.
FIRST = "00"
SECOND_HALF = "-more"
ENDING = ("Check yourself", "Recap", "Clean up", "What's next")
RECAP_HEAD = "| command | what it does | when |"
NEEDS = ("**Time**", "**Needs**", "**Images**")


def opens_with_a_title_and_a_promise(page: Page) -> list[str]:
    """The first cell is one H1 with the chapter's number, and one sentence; there is no other H1."""
    number = re.escape(page.slug[:2])
    faults = []
    if not re.fullmatch(rf"# {number} · .+\n\n[^\n]+[.?]", page.cells[0].source.strip()):
        faults.append(f"the first cell is not '# {page.slug[:2]} · Title' and one sentence below it")
    return faults + [f"there are {n} H1" for n in [len(headings(page, 1))] if n != 1]


def says_what_it_needs_and_gives(page: Page) -> list[str]:
    """The second cell has a table with time, needs and images, and three things that one learns to do."""
    source = page.cells[1].source
    faults = [f"the second cell's table has no row {row}" for row in NEEDS if f"| {row} |" not in source]
    goals = re.findall(r"^- .*\*\w+\*", source.partition("**You will be able to**")[2], re.MULTILINE)
    return faults + (
        [] if len(goals) == 3 else [f"it names {len(goals)} things with an *emphasised verb*, not 3"]
    )


def starts_with_a_short_set_up(page: Page) -> list[str]:
    """The first code cell is the third cell, has at most three lines, and starts this notebook."""
    cell = page.code()[0]
    faults = []
    if cell is not page.cells[2] and not page.slug.startswith(FIRST):
        faults.append("the third cell is not the set-up cell")
    if len([line for line in cell.lines() if line.strip()]) > 3:
        faults.append("the set-up cell has more than three lines")
    if f'lesson.start("{page.name}")' not in cell.source:
        faults.append(f"the set-up cell does not call lesson.start for {page.name}")
    return faults


def warms_up(page: Page) -> list[str]:
    """After the set-up come two questions from earlier chapters."""
    if page.slug.startswith(FIRST):
        return []
    heading = page.cells[3].source.startswith("## Warm-up")
    if heading and page.cells[4].source == 'lesson.quiz("warm-up", mine="?")':
        return []
    return ['the fourth cell is not \'## Warm-up…\' with lesson.quiz("warm-up", mine="?") below it']


def asks_in_the_end(page: Page) -> list[str]:
    """Below 'Check yourself' the questions are asked, two or more."""
    place = next((n for n, c in enumerate(page.cells) if c.source.startswith("## Check yourself")), -1)
    asked = page.cells[place + 1].source == 'lesson.quiz("check", mine="?")'
    return [] if asked else ['below \'Check yourself\' there is no lesson.quiz("check", mine="?")']


def ends_as_every_chapter_ends(page: Page) -> list[str]:
    """Last come questions, a recap table, the clean-up, what is next; before them three sections or more."""
    found = [heading for heading in headings(page, 2) if not heading.startswith("Warm-up")]
    faults = (
        [] if tuple(found[-4:]) == ENDING else [f"the last sections are {found[-4:]}, not {list(ENDING)}"]
    )
    if not 3 <= len(found) - 4 <= 10:
        faults.append(f"it has {len(found) - 4} sections before them, not 3 to 10")
    by_heading = {cell.source.splitlines()[0].lstrip("# "): cell.source for cell in page.prose()}
    if RECAP_HEAD not in by_heading.get("Recap", ""):
        faults.append(f"'Recap' has no table {RECAP_HEAD}")
    if "](../labs/" not in page.cells[-1].source:
        faults.append("the last cell links to no lab")
    last = page.code()[-2:]
    if not last[0].is_shell or last[-1].source != "lesson.leftovers()":
        faults.append("the last two code cells are not a %%shell clean-up and lesson.leftovers()")
    return faults


def breaks_something_on_purpose(page: Page) -> list[str]:
    """A chapter provokes at least one failure; its second half need not."""
    fails = any(re.match(r"%%shell.*--expect [1-9]", cell.source) for cell in page.code())
    return [] if fails or page.slug.endswith(SECOND_HALF) else ["no cell fails on purpose (--expect N)"]


def is_not_too_long(page: Page) -> list[str]:
    """A chapter that is too long is split in two."""
    return [] if len(page.cells) <= CELLS else [f"it has {len(page.cells)} cells, more than {CELLS}"]


ALL = (
    opens_with_a_title_and_a_promise,
    says_what_it_needs_and_gives,
    starts_with_a_short_set_up,
    warms_up,
    asks_in_the_end,
    ends_as_every_chapter_ends,
    breaks_something_on_purpose,
    is_not_too_long,
)
