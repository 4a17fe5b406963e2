"""A code cell in colours: what is below `%%shell` is bash, below `%%writefile NAME` what NAME says."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pygments.lexer import Lexer
from pygments.lexers import BashLexer, PythonLexer, TextLexer, get_lexer_for_filename
from pygments.token import Generic, _TokenType
from pygments.util import ClassNotFound

# The first line speaks to the notebook. As a prompt it is shown, and never copied.
MAGIC = re.compile(r"%%(\w+)(?: (.*))?\n")


class CellLexer(Lexer):  # type: ignore[misc, unused-ignore]
    """Tokens of one code cell of the course."""

    name = "Course cell"
    aliases = ["course-cell"]  # noqa: RUF012 - as Pygments wants it

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, _TokenType, str]]:
        """The magic as a prompt, the rest by its own language."""
        magic = MAGIC.match(text)
        start = magic.end() if magic else 0
        if magic:
            yield 0, Generic.Prompt, magic[0]
        for place, kind, value in language(magic).get_tokens_unprocessed(text[start:]):
            yield start + place, kind, value


def language(magic: re.Match[str] | None) -> Lexer:
    """The lexer for what stands below *magic*; without one it is Python."""
    if magic is None:
        return PythonLexer()
    if magic[1] == "shell":
        return BashLexer()
    try:
        # *.Dockerfile is as good a name for one as Dockerfile.*, which is what Pygments knows.
        name = re.sub(r".*Dockerfile$", "Dockerfile", magic[2] or "")
        return get_lexer_for_filename(name)
    except ClassNotFound:
        return TextLexer()
