"""Text that a learner may have written, made safe for each format; knows no results and no reports.

HTML is not here: `html.escape` and `checks.table.marked` are enough, on what `one_line` and `block` give.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import count

from course.checks.judging import MOST_CHARACTERS, capped

MOST_LINES = 20
MOST_OUTPUT = 1500
UNKNOWN = "\N{REPLACEMENT CHARACTER}"

COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
# A spreadsheet takes what begins like this for a formula, the wide forms of some keyboards too. Also behind
# what one of them may split cells at: a semicolon where the comma is the decimal sign.
FORMULA = re.compile(r"(^|[,;|\"])(\s*)([=+\-@＝＋－＠])")
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@:])")


def writable(text: str) -> str:
    """*text* without half characters (lone surrogates), which no file in UTF-8 can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: str, most: int = MOST_CHARACTERS) -> str:
    """*text* on one line of at most *most* characters, without any that XML or a terminal can't bear."""
    line = capped(text)
    return line if len(line) <= most else line[: most - 1] + "…"


def block(text: str) -> str:
    """The last lines of *text*, at most 20 and 1500 characters, without colours and control characters."""
    plain = re.sub(r"\r\n?", "\n", COLOURS.sub("", text))
    end = plain[-MOST_OUTPUT:].rstrip().split("\n")[-MOST_LINES:]
    shown = "".join(map(_visible, "\n".join(end)))
    return shown if len(shown) >= len(plain.rstrip()) else f"…{shown}"


def _visible(character: str) -> str:
    hidden = unicodedata.category(character)[0] == "C" and character not in "\n\t"
    return UNKNOWN if hidden else character


def code(text: str, most: int = MOST_CHARACTERS) -> str:
    """*text* as a code span of Markdown, which nothing in it can end; empty for no text."""
    shown = one_line(text, most)
    if not shown:
        return ""
    inner = {len(run) for run in re.findall("`+", shown)}
    fence = "`" * next(length for length in count(1) if length not in inner)
    gap = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def code_in_table(text: str, most: int = MOST_CHARACTERS) -> str:
    """The same for a table's cell, which a pipe would end even in a code span: it becomes a broken one."""
    return code(text.replace("|", "¦"), most)


def words(text: str) -> str:
    """A promise as Markdown: what stands between backticks is code, all else is only text."""
    parts = re.split(r"`([^`]+)`", one_line(text))
    # Two code spans that touch would be one: a space keeps them apart.
    made = (
        code(part) if place % 2 else MARKDOWN.sub(r"\\\1", part) or " " for place, part in enumerate(parts)
    )
    return "".join(made).strip()


def cell(text: str) -> str:
    """*text* for one cell of a spreadsheet, which runs nothing of it."""
    return FORMULA.sub(r"\1\2'\3", one_line(text))
