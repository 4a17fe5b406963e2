"""A strict reader of what of Jenkins' declarative pipelines this course uses; anything else is a fault.

It knows words, strings, blocks and calls, which sections stand in which, and nothing of Groovy beyond that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*)|(?P<string>'(?:[^'\\\n]|\\.)*')|(?P<word>[A-Za-z_]\w*)|(?P<number>\d+)"
    r"|(?P<mark>[{}()=,:])"
)
# Which sections may stand in which; a step's name counts as one of `steps` and of the conditions of `post`.
SECTIONS = {
    "pipeline": {"agent", "options", "environment", "stages"},
    "stages": {"stage"},
    "stage": {"environment", "steps", "post"},
    "post": {"always", "success", "failure", "unsuccessful", "cleanup"},
}
STEPS = {"sh"}
OPTIONS = {"disableConcurrentBuilds", "timeout"}


class Fault(ValueError):
    """The text is no pipeline that this reader knows."""


@dataclass
class Stage:
    """One stage: what it runs, and what it runs where that failed; its own environment."""

    name: str
    steps: list[str] = field(default_factory=list)
    unsuccessful: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Pipeline:
    """A whole file."""

    agent: str = ""
    options: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)


def tokens(text: str) -> Iterator[str]:
    """Words, strings with their quotes, numbers and marks; a Fault at anything else."""
    place = 0
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            line = text.count("\n", 0, place) + 1
            raise Fault(f"line {line}: {text[place : place + 20]!r}")
        place = found.end()
        if found.lastgroup != "skip":
            yield found[0]


class _Reader:
    def __init__(self, text: str) -> None:
        self.left = list(tokens(text))

    def take(self, wanted: str = "") -> str:
        if not self.left:
            raise Fault(f"the file ends before {wanted or 'its end'}")
        if wanted and self.left[0] != wanted:
            raise Fault(f"{self.left[0]!r} in place of {wanted!r}")
        return self.left.pop(0)

    def string(self) -> str:
        found = self.take()
        if not found.startswith("'"):
            raise Fault(f"{found!r} in place of a string")
        return found[1:-1]

    def block(self) -> Iterator[str]:
        """The first word of each thing in a block, which whoever asks reads to its end."""
        self.take("{")
        while self.left[:1] != ["}"]:
            word = self.take()
            if not re.fullmatch(r"[A-Za-z_]\w*", word):
                raise Fault(f"{word!r} in place of a word")
            yield word
        self.take("}")

    def sections(self, name: str) -> Iterator[str]:
        seen = set[str]()
        for word in self.block():
            if word not in SECTIONS[name] or (word in seen and word != "stage"):
                raise Fault(f"{word} in {name}")
            seen.add(word)
            yield word

    def call(self) -> str:
        """What stands in the parentheses, as written."""
        self.take("(")
        inner = []
        while (part := self.take()) != ")":
            inner.append(part)
        return " ".join(inner)

    def environment(self) -> dict[str, str]:
        found = {}
        for name in self.block():
            self.take("=")
            if self.left[:1] == ["credentials"]:
                self.take()
                found[name] = f"credentials {self.call()}"
            else:
                found[name] = self.string()
        return found

    def steps(self) -> list[str]:
        found = []
        for word in self.block():
            if word not in STEPS:
                raise Fault(f"{word} is no step that this reader knows")
            found.append(self.string())
        if not found:
            raise Fault("there are no steps")
        return found

    def stage(self) -> Stage:
        self.take("(")
        made = Stage(self.string())
        self.take(")")
        for section in self.sections("stage"):
            if section == "environment":
                made.environment = self.environment()
            elif section == "steps":
                made.steps = self.steps()
            else:
                for condition in self.sections("post"):
                    if condition != "unsuccessful":
                        raise Fault(f"post {condition}: this reader knows only unsuccessful")
                    made.unsuccessful = self.steps()
        if not made.steps:
            raise Fault(f"stage {made.name} has no steps")
        return made

    def pipeline(self) -> Pipeline:
        made = Pipeline()
        self.take("pipeline")
        for section in self.sections("pipeline"):
            if section == "agent":
                made.agent = self.take()
            elif section == "options":
                for option in self.block():
                    if option not in OPTIONS:
                        raise Fault(f"{option} is no option that this reader knows")
                    made.options.append(f"{option}({self.call()})")
            elif section == "environment":
                made.environment = self.environment()
            else:
                made.stages = [self.stage() for _ in self.sections("stages")]
        if self.left:
            raise Fault(f"{self.left[0]!r} behind the end")
        missing = [name for name in ("agent", "stages") if not getattr(made, name)]
        if missing:
            raise Fault(f"there is no {missing[0]}")
        return made


def read(text: str) -> Pipeline:
    """The pipeline that *text* describes; a Fault where this reader isn't sure."""
    return _Reader(text).pipeline()
