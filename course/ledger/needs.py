"""Names and host ports that a chapter's cells will want, read from their text; asks no engine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from course.ledger.naming import joined
from course.ledger.snapshot import Port

NAME = re.compile(r"[A-Za-z0-9][\w.-]+")
VOLUME_MOUNT = re.compile(r"([A-Za-z0-9][\w.-]+):/")
VOLUME_SOURCE = re.compile(r"(?:^|,)(?:source|src)=([A-Za-z0-9][\w.-]+)(?:,|$)")
PUBLISHED = re.compile(r"(?:(?:[\d.]+|\[[0-9a-fA-F:]*\]):)?(\d+)(?:-(\d+))?:\d+(?:-\d+)?(?:/(tcp|udp|sctp))?")
COMPOSE_PORT = re.compile(r"^\s*-\s*[\"']?([\d.:\[\]/a-z-]+)[\"']?\s*(?:#.*)?$", re.MULTILINE)
COMPOSE_NAME = re.compile(r"^\s*container_name:\s*[\"']?([A-Za-z0-9][\w.-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Needs:
    """Names of containers, networks, volumes and contexts, and ports of the host."""

    containers: frozenset[str] = frozenset()
    networks: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    ports: frozenset[Port] = frozenset()
    contexts: frozenset[str] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            self.containers | other.containers, self.networks | other.networks,
            self.volumes | other.volumes, self.ports | other.ports, self.contexts | other.contexts,
        )  # fmt: skip


def needs_of(cells: Iterable[str]) -> Needs:
    """What the shell commands and Compose files in *cells* ask for by a name or number that stands there.

    Names and ports that a variable holds can't be read.
    """
    found = Needs()
    for cell in cells:
        for words in _commands(cell):
            found |= _of_command(words)
        names = frozenset(COMPOSE_NAME.findall(cell))
        found |= Needs(containers=names, ports=_ports(COMPOSE_PORT.findall(cell)))
    return found


def _commands(cell: str) -> Iterator[list[str]]:
    """The words after `docker` of every docker command in the cell."""
    for piece in re.split(r"\n|;|&&?|\|\|?|\$\(", joined(cell)):
        try:
            words = shlex.split(piece, comments=True)
        except ValueError:  # a quote that another piece closes
            words = piece.split()
        if "docker" in words:
            yield words[words.index("docker") + 1 :]


def _of_command(words: list[str]) -> Needs:
    if words[:1] == ["container"]:
        words = words[1:]
    if words[:1] in (["run"], ["create"]):
        return _of_run(words[1:])
    if words[:2] == ["network", "create"]:
        return Needs(networks=_names(_last(words[2:])))
    if words[:2] == ["volume", "create"]:
        return Needs(volumes=_names(_last(words[2:])))
    if words[:2] == ["context", "create"]:
        return Needs(contexts=_names(words[2:3]))
    return Needs()


def _last(words: list[str]) -> list[str]:
    """The last word before any redirection, if there is one: the name, after all options."""
    end = next((place for place, word in enumerate(words) if ">" in word), len(words))
    return words[:end][-1:]


def _of_run(words: list[str]) -> Needs:
    mounts = [
        found.group(1) for value in _values(words, "-v", "--volume") if (found := VOLUME_MOUNT.match(value))
    ]
    sources = [
        found.group(1)
        for value in _values(words, "--mount")
        if "type=bind" not in value and (found := VOLUME_SOURCE.search(value))
    ]
    return Needs(
        containers=_names(_values(words, "--name")),
        volumes=_names(mounts + sources),
        ports=_ports(_values(words, "-p", "--publish")),
    )


def _values(words: list[str], *options: str) -> list[str]:
    """What follows each of *options*: `--name x`, `--name=x`, `-p x`, `-px`, and `-dp x` for a short one."""
    found = []
    for word, after in zip(words, [*words[1:], ""], strict=True):
        option, _, value = word.partition("=")
        if option in options:
            found.append(value or after)
        elif re.fullmatch(r"-[a-zA-Z]{2,}", word) and f"-{word[-1]}" in options:
            found.append(after)
        elif word[:2] in options and not word.startswith("--"):
            found.append(word[2:])
    return found


def _names(found: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in found if NAME.fullmatch(name))


def _ports(found: Iterable[str]) -> frozenset[Port]:
    ports = set()
    for value in found:
        if published := PUBLISHED.fullmatch(value):
            first, last, protocol = published.groups()
            numbers = range(int(first), int(last or first) + 1)
            ports |= {Port(number, protocol or "tcp") for number in numbers if 0 < number < 65536}
    return frozenset(ports)
