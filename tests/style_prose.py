"""How a notebook's sentences are written, as rules that give faults in words; knows nothing of code cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pages import Page

WORDS = 120  # in a markdown cell that is prose alone
JUDGING = re.compile(r"\b(simply|just|easy|easily|obviously|trivial|trivially)\b", re.IGNORECASE)


def prose_lines(source: str) -> Iterator[str]:
    """Lines of running text: no table, no list, no heading, no code, no HTML; code spans become a word."""
    text = re.sub(r"^```.*?^```$", "", source, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`\n]+`", "Code", text)
    for line in text.splitlines():
        if line.strip() and not re.match(r"\s{4}|\s*[-*] |\s*\d+\. |\s{2,}\S|#|\||<", line):
            yield line


def headings(page: Page, level: int) -> list[str]:
    """The headings of one level, in order."""
    found = (
        re.findall(rf"^#{{{level}}} (.+)$", without_code(cell.source), re.MULTILINE) for cell in page.prose()
    )
    return [heading for cell in found for heading in cell]


def without_code(source: str) -> str:
    """Markdown without its blocks of code."""
    return re.sub(r"^```.*?^```$|^ {4}.*$", "", source, flags=re.MULTILINE | re.DOTALL)


def prose_is_short(page: Page) -> list[str]:
    """A markdown cell of prose has at most 120 words; tables, lists, questions and code are not counted."""
    counts = {cell.id: sum(len(line.split()) for line in prose_lines(cell.source)) for cell in page.prose()}
    return [
        f"{cell} has {count} words of prose, more than {WORDS}"
        for cell, count in counts.items()
        if count > WORDS
    ]


def a_line_is_a_sentence(page: Page) -> list[str]:
    """Prose has one sentence a line: no line holds two, none ends in the middle of one."""
    faults = []
    for cell in page.prose():
        led_in = re.sub(r"(?<=[^.:\n])(?=\n\n?[-*] )", ":", cell.source)  # a list may end a sentence
        for line in prose_lines(led_in):
            if re.search(r"[.?!…][\"”*)]* +[\"“*(]*[A-Z]", re.sub(r"^\*\*[^*]+:\*\* ", "", line)):
                faults.append(f"{cell.id}: two sentences on the line {line[:70]!r}")
            if not re.search(r"[.?!:…;][\"”*)]*\s*$", line) and not re.fullmatch(r"\*\*[^*]+\*\*", line):
                faults.append(f"{cell.id}: the line {line[:70]!r} ends in mid-sentence")
    return faults


def words_do_not_judge(page: Page) -> list[str]:
    """No word says how fast a reader should understand, and no sentence shouts."""
    faults = []
    for cell in page.prose():
        text = re.sub(r"`[^`\n]+`", "", without_code(cell.source))
        faults += [f"{cell.id} says {found!r}" for found in JUDGING.findall(text)]
        if re.search(r"\w!(\s|$)", text):
            faults.append(f"{cell.id} has an exclamation mark")
    return faults


def bold_is_for_new_words(page: Page) -> list[str]:
    """Outside tables bold marks a new word, once, or begins a line (**Predict:**); it isn't for emphasis."""
    faults, seen = [], set()
    for cell in page.prose():
        text = re.sub(r"^\|.*$|`[^`\n]+`", "", without_code(cell.source), flags=re.MULTILINE)
        for words in re.findall(r"\*\*([^*\n]+)\*\*", text.replace("**You will be able to**", "")):
            if words.endswith((":", ".")):
                continue
            if len(words.split()) > 4:
                faults.append(f"{cell.id} sets a sentence in bold: {words!r}")
            if words in seen:
                faults.append(f"{cell.id} sets {words!r} in bold again")
            seen.add(words)
    return faults


def links_lead_somewhere(page: Page) -> list[str]:
    """Each relative link names a file that is there."""
    targets = [
        (cell.id, target)
        for cell in page.prose()
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", without_code(cell.source))
    ]
    return [
        f"{cell} links to {target}, which is not there"
        for cell, target in targets
        if "://" not in target and not (page.path.parent / target).exists()
    ]


ALL = (
    prose_is_short,
    a_line_is_a_sentence,
    words_do_not_judge,
    bold_is_for_new_words,
    links_lead_somewhere,
)
