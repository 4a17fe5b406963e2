"""Whether the hints of levels one and two keep what only the third may say; reads files alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from course import labs
from course.labs import Lab, source

# Docker commands that only look. Their verbs are no secret, whatever follows them may be one.
LOOKS = re.compile(
    r"docker( (ps|logs|inspect|port|top|diff|events|stats|history|images|cp|save|exec)"
    r"| (network|volume|image|container) (ls|inspect|history|save)| system df)( |$)"
)
VERBS = frozenset({
    "docker", "ps", "logs", "inspect", "port", "top", "diff", "events", "stats", "history", "images",
    "network", "volume", "image", "container", "ls",
})  # fmt: skip
WORD = re.compile(r"[^\s='\"`,;()\[\]{}|&<>$]{3,}")
CONTINUED = re.compile(r"\\\n\s*")


def faults(lab: Lab) -> list[str]:
    """What hints of level one and two give away: commands of the third, others that change, words of both."""
    secret, found = new_words(lab), []
    for check in labs.load_checks(lab):
        commands = [span for span in code(check.hints[2]) if " " in span]
        for level, hint in enumerate(check.hints[:2], 1):
            where = f"hint {level} of {check.name}"
            found += [f"{where} holds the command {each!r}" for each in commands if each in spaced(hint)]
            found += [
                f"{where} says {word!r}, as the repair does" for word in words([hint]) if word in secret
            ]
            found += [f"{where} shows {span!r}, which changes something" for span in code(hint) if acts(span)]
    return found


def code(text: str) -> list[str]:
    """What stands between backticks."""
    return [spaced(span) for span in re.findall(r"`([^`]+)`", text)]


def acts(span: str) -> bool:
    """Whether this is a docker command that does more than look."""
    return span.startswith("docker") and not LOOKS.match(span)


def spaced(text: str) -> str:
    """The text with one space for each stretch of white."""
    return " ".join(text.split())


def words(texts: Iterable[str]) -> set[str]:
    """The words of code: flags, values, names, fields; without the dots and colons that end a sentence."""
    return {word.rstrip(".:?!=") for text in texts for word in WORD.findall(text)}


def new_words(lab: Lab) -> set[str]:
    """Words of a repair, or of a third hint's code, that the lab as handed out doesn't show."""
    handed_out = [source(cell) for cell in labs.read(lab.notebook)["cells"]]
    files = [each for starter in lab.starters for each in (starter, *starter.rglob("*")) if each.is_file()]
    shown = [*handed_out, *(file.read_text(encoding="utf-8") for file in files)]
    text = "\n".join(shown)
    secret = words(_repairs(lab)) - VERBS
    return {word for word in secret if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)}


def _repairs(lab: Lab) -> Iterator[str]:
    for check in labs.load_checks(lab):
        yield from code(check.hints[2])
    answers = [labs.answers(lab.solution), *(other.answers for other in lab.others)]
    for text in (text for each in answers for text in each.values()):
        lines = (line.strip() for line in CONTINUED.sub(" ", text).splitlines())
        yield from (line for line in lines if not line.startswith("%%") and not LOOKS.match(line))
