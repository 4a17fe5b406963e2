"""Ask questions with lettered options and judge typed letters; keeps nothing, and draws no colours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from course.checks.table import marked
from course.practice.questions import Misconception, Option, Question

LEFT = "?"
LETTERS = "abcdefgh"


@dataclass(frozen=True)
class Asked:
    """One question as it stands on the page: its options in their order, and the one chosen, if any."""

    question: Question
    options: tuple[Option, ...]
    chosen: Option | None = None

    @property
    def letters(self) -> str:
        """The letters to choose from."""
        return LETTERS[: len(self.options)]


@dataclass(frozen=True)
class Sheet:
    """Questions on a page, some of them answered, with *note* as the last line."""

    asked: tuple[Asked, ...]
    note: str
    so: Mapping[str, Misconception]

    @property
    def answered(self) -> tuple[Asked, ...]:
        """Those that were answered."""
        return tuple(each for each in self.asked if each.chosen)

    def __repr__(self) -> str:
        blocks = ["\n".join(_lines(number, each, self.so)) for number, each in enumerate(self.asked, 1)]
        return "\n\n".join([*blocks, self.note])

    def _repr_html_(self) -> str:
        blocks = [_html(number, each, self.so) for number, each in enumerate(self.asked, 1)]
        return "\n".join([*blocks, f"<p>{marked(self.note)}</p>"])


def sheet(
    asked: Sequence[Asked], mine: str, so: Mapping[str, Misconception], again: str = "run the cell again"
) -> Sheet:
    """The questions with the answers that *mine* gives ("b ? d"), and a line that says how it stands."""
    letters = letters_of(mine)
    if set(letters) <= {LEFT} and len(letters) <= len(asked):
        return Sheet(tuple(asked), _how_to_answer(len(asked), again), so)
    fault = _fault(asked, letters)
    if fault:
        return Sheet(tuple(asked), f"{fault} Nothing is judged yet.", so)
    chosen = tuple(_with(each, letter) for each, letter in zip(asked, letters, strict=True))
    return Sheet(chosen, _result(chosen), so)


def letters_of(mine: str) -> list[str]:
    """The letters of an answer, however they were set apart."""
    return re.findall(r"\S", re.sub(r"[,;.]", " ", mine.lower()))


def _fault(asked: Sequence[Asked], letters: Sequence[str]) -> str:
    if len(letters) != len(asked):
        return (
            f"There are {len(asked)} questions, and you gave {len(letters)} letters; {LEFT} leaves one out."
        )
    for number, (each, letter) in enumerate(zip(asked, letters, strict=True), 1):
        if letter not in each.letters + LEFT:
            return f"Question {number} has the letters {' '.join(each.letters)}, and you gave {letter}."
    return ""


def _with(asked: Asked, letter: str) -> Asked:
    chosen = None if letter == LEFT else asked.options[LETTERS.index(letter)]
    return Asked(asked.question, asked.options, chosen)


def _how_to_answer(count: int, again: str) -> str:
    example = " ".join("ba?d"[place % 4] for place in range(count)) if count > 1 else "b"
    what = f'{f"{count} letters" if count > 1 else "a letter"} between the quotes, such as `mine="{example}"`'
    skip = f" ({LEFT} leaves one out)" if count > 2 else ""
    return f"To answer, put {what}{skip}, and {again}."


def _result(chosen: Sequence[Asked]) -> str:
    answered = [each.chosen for each in chosen if each.chosen]
    right = sum(option.right for option in answered)
    words = f"{right} of {len(answered)} right."
    if right < len(answered):
        words += " Change a letter and run the cell again; what you missed comes back tomorrow in 90-review."
    return words


def _lines(number: int, asked: Asked, so: Mapping[str, Misconception]) -> list[str]:
    lines = [f"{number}. {asked.question.ask}"]
    for letter, option in zip(asked.letters, asked.options, strict=True):
        lines.append(f"   {letter}  {option.text}")
    said = _said(asked, so)
    if said:
        said.append("See {}.ipynb, {}.".format(*asked.question.section))
    return lines + [f"   {line}" for line in said]


def _link(question: Question) -> str:
    """Where the matter is explained, as a link that JupyterLab and GitHub follow to the heading."""
    notebook, heading = question.section
    # JupyterLab compares a heading with what stands here as it is: %3F would lead nowhere, ? does.
    place = escape(heading.replace("`", "").replace(" ", "-"))
    return f'<a href="{notebook}.ipynb#{place}">{notebook}, {escape(heading)}</a>'


def _html(number: int, asked: Asked, so: Mapping[str, Misconception]) -> str:
    options = "\n".join(
        f"<li><strong>{letter}</strong>&nbsp; {marked(option.text)}</li>"
        for letter, option in zip(LETTERS, asked.options, strict=False)
    )
    said = [marked(line) for line in _said(asked, so)]
    if said:
        said.append(f"See {_link(asked.question)}.")
    answer = "\n<blockquote>" + "<br>\n".join(said) + "</blockquote>" if said else ""
    # Below the h2 of its part. JupyterLab sets the lines of a heading too tight for one of two lines.
    title = f'<h3 style="line-height:1.4">{number}. {marked(asked.question.ask)}</h3>'
    return f'{title}\n<ul style="list-style:none">\n{options}\n</ul>{answer}'


def _said(asked: Asked, so: Mapping[str, Misconception]) -> list[str]:
    """What is said to the one chosen."""
    if asked.chosen is None:
        return []
    letter = asked.letters[asked.options.index(asked.chosen)]
    if asked.chosen.right:
        return [f"✓ {letter} is right. {asked.chosen.why}"]
    belief = so.get(asked.chosen.misconception)
    return [f"✗ {letter} is not so. {asked.chosen.why}", *([f"What is so: {belief.so}"] if belief else [])]
