"""Whether a cell's text names a thing on the engine; knows text, not the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Characters that would make a found word part of a longer one (`web` in `my-web`, `web-2`, `$web`, `/web`).
BEFORE = r"(?<![\w.@/${-])"
AFTER = r"(?![\w@/-]|\.\w)"
VARIABLE = r"\$\w+|\$?\{[^{}\s]*\}"  # $i, ${i} and {1..3} of a shell, {i} of a Python f-string
TEMPLATE = re.compile(rf"(?:[\w./:@-]|{VARIABLE})+")
RANDOM_NAME = re.compile(r"[a-z]+_[a-z]+\d?")  # what the engine gives a container that got no name
COMPOSE = re.compile(r"\bdocker[ -]compose\b|\bdocker\b.*\bcompose\b")
PROJECT = re.compile(
    r"(?:--project-name[ =]|COMPOSE_PROJECT_NAME=|\scompose\s(?:.*\s)?-p[ =]?)[\"']?([\w-]+)"
)
RUN = re.compile(r"\bdocker\s+(?:container\s+)?(?:run|create)\b(.*)")


def is_named(name: str, text: str) -> bool:
    """Whether *name* stands in *text* as a whole word, or as `web$i` whose variable the text can give.

    A variable counts as a number or as another word of the text: `web$i` names web1, and web-blue only
    where the text has the word.
    """
    return bool(re.search(BEFORE + re.escape(name) + AFTER, text)) or any(
        _fits(template, name, text) for template in _templates(text)
    )


def is_image_named(reference: str, text: str) -> bool:
    """Whether *text* names the image: its reference, without `:latest` or with Docker Hub's host too."""
    short = reference.removesuffix(":latest")
    spellings = {reference, short, f"docker.io/{short}", f"docker.io/library/{short}", f"library/{short}"}
    words = "|".join(map(re.escape, spellings))
    return bool(re.search(rf"{BEFORE}(?:{words})(?!:\w){AFTER}", text)) or any(
        _fits(template, reference, text) for template in _templates(text)
    )


def _templates(text: str) -> Iterator[str]:
    for word in set(TEMPLATE.findall(text)):
        fixed = re.sub(VARIABLE, "", word)
        if fixed != word and len(re.findall(r"\w", fixed)) >= 2:
            yield word


def _fits(template: str, name: str, text: str) -> bool:
    fixed = re.split(VARIABLE, template)
    found = re.fullmatch(r"([\w.-]+)".join(map(re.escape, fixed)), name)
    return found is not None and all(
        value.isdigit() or re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", text)
        for value in found.groups()
    )


def joined(text: str) -> str:
    r"""The *text* with lines that end in a backslash put together, as a shell reads them."""
    return re.sub(r"\\\n\s*", " ", text)


def runs_without_name(text: str) -> bool:
    """Whether the text may make a container that gets a random name.

    Only where every `docker run` and `docker create` in it has a `--name` is that ruled out.
    """
    commands = re.split(r"[\n;|&]+", joined(text))
    options = [found.group(1) for command in commands if (found := RUN.search(command))]
    return not options or any("--name" not in option for option in options)


def has_compose(text: str) -> bool:
    """Whether the text speaks of Docker Compose."""
    return bool(COMPOSE.search(joined(text)))


def projects(text: str) -> frozenset[str]:
    """Compose projects that the text gives by name (`-p shop`)."""
    return frozenset(PROJECT.findall(joined(text)))


def project_of(folder: str) -> str:
    """The name that Compose gives a project in a folder of this name."""
    return re.sub(r"[^a-z0-9_-]", "", folder.lower()).lstrip("_-")


def builds(text: str) -> bool:
    """Whether the text may make an image that has no reference: build, bake, commit, import or load."""
    return bool(re.search(r"\bdocker\b.*\b(?:build|bake|commit|import|load)\b", joined(text)))
