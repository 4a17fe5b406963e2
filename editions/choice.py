"""Which cells of a chapter become slides, and how; a cell's tag decides, else what the cell is.

The tags: `slide` starts a slide, `fragment` comes on the slide before at the next key, `notes` is for the
speaker, `skip` is left out. Without one of them a heading starts a slide with the words below it; a command
has one with what it printed; a table or picture has one without the code that drew it; a prediction has one,
with its answer for the speaker. Other words are the speaker's. What a learner does alone is left out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from editions.lexer import MAGIC
from editions.pages import LINK
from editions.tree import Cell, source, tags

Kind = Literal["slide", "subslide", "fragment", "notes"]
KINDS: dict[str, Kind] = {"slide": "subslide", "fragment": "fragment", "notes": "notes"}
TAGS = {*KINDS, "skip"}
# Sections that belong to a learner at the keyboard.
ALONE = ("Warm-up", "Check yourself", "Clean up", "What's next")
PREDICT = re.compile(r"^\*\*Predict:\*\*.*?(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
ASK = re.compile(r"\n?(Put|Write) your [^\n]*(question mark|leave it)[^\n]*")
SHOWN = re.compile(r"^```|^\|.*\|$|^\$\$", re.MULTILINE)
# What fits on a slide in a size that the last row can read.
LINES, COLUMNS = 20, 96
ROWS = 17
# A command of at most so many lines stands above its long output, else alone.
SHORT = 8


@dataclass
class Piece:
    """What one cell gives to a deck: words in Markdown, or a command and what came of it."""

    kind: Kind
    words: str = ""
    code: str = ""
    is_shell: bool = False
    is_question: bool = False
    is_answer: bool = False
    outputs: list[Cell] = field(default_factory=list)
    topic: str = ""


def pieces(cells: list[Cell]) -> Iterator[Piece]:
    """The slides of one chapter, in order."""
    topic, alone = "", False
    answers = dict(filter(None, map(_answer, cells)))
    for place, cell in enumerate(cells):
        own = tags(cell) & TAGS
        for text in _parts(cell):
            heading = re.match(r"(#{1,3}) (.+)", text) if cell["cell_type"] == "markdown" else None
            if heading:
                topic, alone = heading[2], heading[2].startswith(ALONE)
            if "skip" in own or (alone and not own):
                continue
            is_words = cell["cell_type"] == "markdown"
            for piece in _words(text, place, cells, answers) if is_words else _command(cell):
                piece.topic = topic
                if own and not piece.is_answer:
                    piece.kind = KINDS[min(own)]
                yield piece


def _parts(cell: Cell) -> list[str]:
    """A cell's text, cut before each heading that has words above it."""
    if cell["cell_type"] != "markdown":
        return [source(cell)]
    parts = re.split(r"^(?=#{2,3} )", source(cell), flags=re.MULTILINE)
    for place in range(len(parts) - 1, 0, -1):
        if re.fullmatch(r"(#{2,3} .*\s*)*", parts[place - 1]):
            parts[place - 1 : place + 1] = [parts[place - 1] + parts[place]]
    return parts


def _answer(cell: Cell) -> tuple[str, str] | None:
    """The key and the answer of a cell that says what happened."""
    words = _call(cell, "happened")
    return (words[0], words[1]) if len(words) > 1 else None


def _call(cell: Cell, name: str) -> list[str]:
    """The words that `lesson.NAME(…)` is called with, where this cell is such a call."""
    if cell["cell_type"] != "code" or not source(cell).startswith(f"lesson.{name}("):
        return []
    call = ast.parse(source(cell)).body[0]
    assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)
    return [str(each.value) for each in call.value.args if isinstance(each, ast.Constant)]


def _words(text: str, place: int, cells: list[Cell], answers: dict[str, str]) -> Iterator[Piece]:
    """Slides of a Markdown cell: its heading with what stands below, its prediction; the rest is spoken."""
    text = LINK.sub(lambda found: found[1], text)
    if place == 0:
        goals = source(cells[1]).partition("**You will be able to**")[2]
        yield Piece("slide", f"{text}\n\n{goals.strip()}")
        return
    if place == 1:
        return
    asked = PREDICT.search(text)
    rest = PREDICT.sub("", text).strip()
    if asked and re.fullmatch(r"(#{2,3} .*\s*)+", rest):
        kind: Kind = "slide" if rest.startswith("## ") else "subslide"
        yield from _prediction(
            kind, f"{rest}\n\n{ASK.sub('', asked[0])}", cells[place + 1 : place + 2], answers
        )
        return
    if rest:
        heading = re.match("## |### ", rest)
        first: Kind = "slide" if heading and heading[0] == "## " else "subslide"
        if heading or SHOWN.search(rest):
            for number, screen in enumerate(screens(rest)):
                is_seen = not number or SHOWN.search(screen)
                yield Piece(("subslide" if number else first) if is_seen else "notes", screen)
        else:
            yield Piece("notes", rest)
    if asked:
        yield from _prediction("subslide", ASK.sub("", asked[0]), cells[place + 1 : place + 2], answers)


def screens(text: str) -> Iterator[str]:
    """Words cut between paragraphs where they are too many for one slide."""
    now: list[str] = []
    for block in re.split(r"\n\n(?=\S)", text):
        if now and sum(map(_rows, [*now, block])) > ROWS:
            yield "\n\n".join(now)
            now = []
        now.append(block)
    yield "\n\n".join(now)


def _rows(block: str) -> int:
    """About how many rows of a slide a paragraph, a table or a diagram takes."""
    if block.startswith("```mermaid"):
        return 12
    return 1 + sum(1 + len(line) // (110 if line.startswith("|") else 72) for line in block.splitlines())


def _prediction(kind: Kind, text: str, following: list[Cell], answers: dict[str, str]) -> Iterator[Piece]:
    """A question for the room, with its choices; its answer stands in the notes."""
    key, *choices = (_call(following[0], "predict") if following else []) or [""]
    offered = "".join(f"\n- {choice}" for choice in choices)
    yield Piece(kind, f"{text}\n{offered}", is_question=True)
    if key in answers:
        yield Piece("notes", f"It was: {answers[key]}", is_answer=True)


def _command(cell: Cell) -> Iterator[Piece]:
    """Slides of a code cell: a command with what it printed, or the table and the picture that it gave."""
    text, outputs = source(cell), cell.get("outputs", [])
    magic = MAGIC.match(text)
    if magic is None and (not outputs or "lesson." in text):
        return
    html = ["".join(each["data"]["text/html"]) for each in outputs if "text/html" in each.get("data", {})]
    if html:
        yield from (Piece("subslide", outputs=[as_result(each)]) for each in html)
        return
    is_shell = magic is not None and magic[1] == "shell"
    code = text[magic.end() :] if magic and is_shell else text
    printed = printed_by(outputs)
    above = lines_of(code)
    if above + lines_of(printed) <= LINES or above <= SHORT:
        yield Piece(
            "subslide", code=code, is_shell=is_shell, outputs=streams(shortened(printed, LINES - above))
        )
        return
    yield Piece("subslide", code=code, is_shell=is_shell)
    yield Piece("subslide", outputs=streams(shortened(printed, LINES)))


def as_result(html: str) -> Cell:
    """A table or a picture as the output of a cell."""
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}


def printed_by(outputs: list[Cell]) -> str:
    """What a cell printed, and its last value as text."""
    parts = (each.get("text") or each.get("data", {}).get("text/plain", "") for each in outputs)
    return "\n".join("".join(part).strip("\n") for part in parts if part)


def streams(text: str) -> list[Cell]:
    """*text* as the output of a cell, or none."""
    return [{"output_type": "stream", "name": "stdout", "text": text}] if text else []


def lines_of(text: str) -> int:
    """How many lines *text* takes on a slide, long ones wrapped."""
    return sum(1 + max(0, len(line) - 1) // COLUMNS for line in text.splitlines())


def shortened(text: str, room: int) -> str:
    """The head of an output that has no *room*, and how much more there is in the notebook."""
    if lines_of(text) <= room:
        return text
    lines = text.splitlines()
    while lines_of("\n".join(lines)) > room - 1:
        lines.pop()
    left = len(text.splitlines()) - len(lines)
    return "\n".join([*lines, f"… {left} more line{'s' * (left > 1)} in the notebook"])
