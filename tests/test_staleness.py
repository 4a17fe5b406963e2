"""Commands and tags that are no longer right stand nowhere but where the course teaches about them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What nobody should learn any more, and what took its place.
RETIRED = {
    "docker-compose as a command: docker compose": r"\bdocker-compose (?:-|up|down|ps|logs|exec|run|build)",
    "a version key in Compose: none": r"^[\s\"']*version: *[\\\"']*[1-3](?:\.\d)?[\\\"'n,]*$",
    "--net: --network": r"--net[ =]\w",
    "npm's --production: --omit=dev": r"\bnpm (?:install|i|ci)\b[^\n]*--(?:only=)?prod",
    "aws ecr get-login: get-login-password": r"\becr get-login(?!-password)",
    "a tag latest by its full name: a real tag": r"\bdocker\.io/[\w./-]+:latest",
    "MAINTAINER: a label": r"^[\s\"]*MAINTAINER ",
}


class End(NamedTuple):
    """The day on which a release gets its last fix, and who says so."""

    day: date
    source: str


NODE = "https://github.com/nodejs/Release"
PYTHON = "https://devguide.python.org/versions/"
POSTGRES = "https://www.postgresql.org/support/versioning/"
ALPINE = "https://alpinelinux.org/releases/"
DEBIAN = "https://wiki.debian.org/LTS"
UBUNTU = "https://ubuntu.com/about/release-cycle"
MONGO = "https://www.mongodb.com/legal/support-policy/lifecycles"
# What these pages say. A tag here is stale from its day on, also when that is yet to come.
ENDS = {
    "node:16": End(date(2023, 9, 11), NODE),
    "node:18": End(date(2025, 4, 30), NODE),
    "node:20": End(date(2026, 4, 30), NODE),
    "node:22": End(date(2027, 4, 30), NODE),
    "node:24": End(date(2028, 4, 30), NODE),
    "node:25": End(date(2026, 6, 1), NODE),
    "python:2.7": End(date(2020, 1, 1), PYTHON),
    "python:3.8": End(date(2024, 10, 7), PYTHON),
    "python:3.9": End(date(2025, 10, 31), PYTHON),
    "python:3.10": End(date(2026, 10, 31), PYTHON),
    "python:3.11": End(date(2027, 10, 31), PYTHON),
    "python:3.12": End(date(2028, 10, 31), PYTHON),
    "python:3.13": End(date(2029, 10, 31), PYTHON),
    "postgres:12": End(date(2024, 11, 21), POSTGRES),
    "postgres:13": End(date(2025, 11, 13), POSTGRES),
    "postgres:14": End(date(2026, 11, 12), POSTGRES),
    "postgres:15": End(date(2027, 11, 11), POSTGRES),
    "postgres:16": End(date(2028, 11, 9), POSTGRES),
    "postgres:17": End(date(2029, 11, 8), POSTGRES),
    "alpine:3.18": End(date(2025, 5, 9), ALPINE),
    "alpine:3.19": End(date(2025, 11, 1), ALPINE),
    "alpine:3.20": End(date(2026, 4, 1), ALPINE),
    "alpine:3.21": End(date(2026, 11, 1), ALPINE),
    "alpine:3.22": End(date(2027, 5, 1), ALPINE),
    "debian:buster": End(date(2024, 6, 30), DEBIAN),
    "debian:bullseye": End(date(2026, 8, 31), DEBIAN),
    "debian:bookworm": End(date(2028, 6, 30), DEBIAN),
    "debian:trixie": End(date(2030, 6, 30), DEBIAN),
    "ubuntu:18.04": End(date(2023, 5, 31), UBUNTU),
    "ubuntu:20.04": End(date(2025, 5, 31), UBUNTU),
    "mongo:5": End(date(2024, 10, 31), MONGO),
    "mongo:6": End(date(2025, 7, 31), MONGO),
    "mongo:7": End(date(2026, 8, 31), MONGO),
}

# Where an old form may stand, and why. An entry that is not needed fails.
TEACHING = {
    "tests/test_staleness.py": "it holds the table",
    "notebooks/08-networks.ipynb": "it shows that --net is a hidden name of --network",
    "notebooks/09-dockerfiles.ipynb": "it shows what npm says to the old flags",
    "notebooks/09-dockerfiles-more.ipynb": "it shows a linter's word against MAINTAINER",
    "notebooks/09-dockerfiles/lint/careless.Dockerfile": "the linter finds its mistakes",
    "notebooks/11-compose.ipynb": "it tells which command came before `docker compose`",
    "notebooks/12-ecr.ipynb": "it names the login command of old guides, and what came after it",
    "notebooks/13-secure-images.ipynb": "it names lines that have ended, so that one looks it up",
}


def files() -> Iterator[str]:
    """Every file that is tracked, or would be with the next `git add`."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    yield from (name for name in sorted(set(listed.split("\0")) - {""}) if (ROOT / name).is_file())


def texts() -> dict[str, str]:
    """The text of each file by its name; a file that is no text is passed over."""
    found = {}
    for name in files():
        try:
            found[name] = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def stale(text: str, today: date) -> list[str]:
    """The retired forms and ended releases that stand in *text*."""
    forms = [form for form, pattern in RETIRED.items() if re.search(pattern, text, re.MULTILINE)]
    ended = {tag: end for tag, end in ENDS.items() if end.day <= today}
    tags = [
        f"{tag} has had no fix since {end.day} ({end.source})"
        for tag, end in ended.items()
        if re.search(rf"(?<![\w-]){re.escape(tag)}(?![\w]|\.\d)", text)
    ]
    return forms + tags


def test_nothing_retired_stands_anywhere_else() -> None:
    """No page, notebook, stored output, file or recipe shows an old form, but where it is the lesson."""
    found = {name: faults for name, text in texts().items() if (faults := stale(text, date.today()))}
    assert len(texts()) > 100
    assert {name: faults for name, faults in found.items() if name not in TEACHING} == {}
    assert [name for name in TEACHING if name not in found] == []


OLD = [
    "docker-compose up",
    "%%shell\ndocker-compose -f a.yaml ps",
    'version: "3"',
    "version: '3.8'\nservices:",
    '   "version: \\"3\\"\\n",',
    "docker run --net host nginx:1.26",
    "docker run --net=host nginx:1.26",
    "RUN npm install --production",
    "RUN npm ci --only=production",
    "$(aws ecr get-login --region eu-central-1)",
    "docker.io/library/nginx:latest",
    "FROM node:18-slim",
    "FROM node:20",
    "python:3.8",
    "image: alpine:3.19",
    "MAINTAINER somebody",
]
NEW = [
    "docker compose up",
    "install docker-compose from Debian",
    "version: 0.1",
    "python-version: 3.11",
    "docker run --network host nginx:1.26",
    "npm ci --omit=dev",
    "aws ecr get-login-password | docker login",
    "nginx:1.26",
    "FROM node:24-slim",
    "python:3.13-slim",
    "127.0.0.1:8081",
    "node:1826",
    "alpine:3.190",
]


@pytest.mark.parametrize("text", OLD)
def test_an_old_form_is_seen(text: str) -> None:
    """Each retired form is caught as people write it, also within a notebook's JSON."""
    assert stale(text, date(2026, 11, 24))


@pytest.mark.parametrize("text", NEW)
def test_a_form_of_today_is_left_alone(text: str) -> None:
    """What took an old form's place, and what only looks alike, is no fault."""
    assert stale(text, date(2026, 11, 24)) == []


def test_every_retired_form_was_caught_above() -> None:
    """No pattern is there that nothing was tried on."""
    assert {form for text in OLD for form in stale(text, date(2026, 11, 24))} >= set(RETIRED)


def test_a_release_becomes_stale_on_its_day() -> None:
    """The day of a release's end decides, not the day on which this was written."""
    assert stale("node:24", date(2028, 4, 29)) == []
    assert "2028-04-30" in stale("node:24", date(2028, 4, 30))[0]


def test_the_kit_has_a_dated_end_where_one_is_published() -> None:
    """Node, Python, PostgreSQL and Debian of the kit stand in the table, so their end will be noticed."""
    kit = (ROOT / "images" / "kit.toml").read_text(encoding="utf-8")
    tags = re.findall(r'^\["((?:node|python|postgres|debian):[^"]+)"\]', kit, re.MULTILINE)
    assert len(tags) >= 4
    assert [tag for tag in tags if not any(re.match(rf"{re.escape(end)}\b", tag) for end in ENDS)] == []
