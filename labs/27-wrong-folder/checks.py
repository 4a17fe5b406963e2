"""Whether an image of the cinema starts by itself and shows this week, and how the first one failed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from course.checks import System, Unmet, check, noted, symptom

DOOR = 9670
BOX, EVIDENCE, IMAGE = "box-office", "evidence-27", "cinema:2"
CINEMA = Path(__file__).parent / "cinema"
MISSED = re.compile(r"can't open file '([^']+)'")


@symptom
def the_container_looks_in_the_wrong_folder(system: System) -> str:
    """`box-office` has ended with an error, and its last words name a file that isn't where it looked."""
    state = system.container(BOX)["State"]
    if state["Status"] != "exited" or state["ExitCode"] == 0:
        raise Unmet(f"box-office is {state['Status']}.", "`docker ps --all`")
    if not MISSED.findall(system.logs(BOX)):
        raise Unmet("It found its file.", "`docker logs box-office`")
    return f"It ended with exit code {state['ExitCode']}."


@symptom
def last_week_is_in_the_image(system: System) -> str:
    """The image of `box-office` holds last week's cache."""
    from docker.errors import NotFound

    system.container(BOX)
    try:
        system.docker.containers.get(BOX).get_archive("/srv/cinema/week.cache")
    except NotFound:
        raise Unmet("There is no cache in it.", "`docker diff box-office`") from None
    return "Last week's cache is in it."


@check(
    points=1,
    hints=(
        "I looked for the dead container under the name `evidence-27`. {seen}",
        "`docker ps --all` shows each container and its name. A name can change without a new container.",
        "`docker rename box-office evidence-27`",
    ),
)
def the_evidence_is_kept(system: System) -> str:
    """The dead container is still there, and is called `evidence-27`."""
    missed(system)
    return f"{EVIDENCE} is there, with its last words."


@check(
    points=2,
    needs=("the_evidence_is_kept",),
    hints=(
        "I compared `exit_code` and `looked_for` with the dead container. {seen}",
        "A program that ends with an error of its own mostly says why: `docker logs`. "
        "The number stands in `docker ps --all`.",
        "`docker inspect --format '{{.State.ExitCode}}' evidence-27` and `docker logs evidence-27`",
    ),
)
def the_failure_is_noted(system: System) -> str:
    """The file `facts.txt` gives its exit code, and the path of the file that it looked for."""
    true = {"exit_code": str(system.container(EVIDENCE)["State"]["ExitCode"]), "looked_for": missed(system)}
    wrong = [name for name, value in true.items() if noted(system, name) != value]
    if wrong:
        raise Unmet(f"It is otherwise with {' and '.join(wrong)}.", f"`docker logs {EVIDENCE}`")
    return "facts.txt says what was looked for."


@check(
    points=1,
    needs=("the_evidence_is_kept",),
    hints=(
        "I compared `image` with the image of the dead container. {seen}",
        "A tag can move on, and an ID can't. `docker inspect` of a container names the image that it has.",
        "`docker inspect --format '{{.Image}}' evidence-27`",
    ),
)
def the_image_is_noted(system: System) -> str:
    """It gives the full ID of the image of the dead container."""
    if noted(system, "image") != system.container(EVIDENCE)["Image"]:
        raise Unmet("It was made of another image.", f"`docker inspect {EVIDENCE}`")
    return "facts.txt gives the ID of its image."


@check(
    points=3,
    hints=(
        "I asked 127.0.0.1:9670, and looked whether `box-office` came from `cinema:2` as it is. {seen}",
        "Compare the folder where the files are copied to with the one where the command starts. "
        "Whatever is added here when it starts, the other cinemas would have to add as well.",
        "`WORKDIR /srv/cinema` in `work/Dockerfile`; `docker build --tag cinema:2 work`; "
        "`docker run --detach --name box-office --publish 127.0.0.1:9670:8000 cinema:2`",
    ),
)
def the_image_opens_by_itself(system: System) -> str:
    """`box-office` answers on port 9670, from `cinema:2` with nothing added but a port."""
    found, image = system.running(BOX), system.image(IMAGE)
    if found["Image"] != image["Id"]:
        raise Unmet(f"It runs from {found['Config']['Image']}.", f"Its image is {IMAGE}.")
    added = [name for name in ("WorkingDir", "Cmd", "Entrypoint", "Env") if differs(found, image, name)]
    if added or found["Mounts"]:
        raise Unmet(f"It was started with something of its own: {', '.join(added) or 'a mount'}.",
                    "`docker inspect box-office` and `docker image inspect cinema:2`")  # fmt: skip
    reply = system.http(DOOR, f"/{system.nonce}")
    if reply.status != 200:
        raise Unmet(f"127.0.0.1:9670 answers with status {reply.status}.", "`docker logs box-office`")
    system.logs(BOX, containing=system.nonce)
    return "box-office answers, from cinema:2 as it is."


@check(
    points=3,
    needs=("the_image_opens_by_itself",),
    hints=(
        "I compared the films with those of `week.csv`. {seen}",
        "`box_office.py` says where it looks first. How did that file come into the image, "
        "and how would it stay out?",
        "A file `work/.dockerignore` with the line `week.cache`, then `docker build` again",
    ),
)
def it_shows_this_week(system: System) -> str:
    """It shows this week's films."""
    if system.http(DOOR).body != (CINEMA / "week.csv").read_text():
        raise Unmet("It shows other films than those of week.csv.", "`curl http://127.0.0.1:9670/`")
    return "It shows this week's films."


def differs(found: dict[str, Any], image: dict[str, Any], name: str) -> bool:
    """Whether a container was given another *name* (of its settings) than its image has."""
    return bool((found["Config"].get(name) or None) != (image["Config"].get(name) or None))


def missed(system: System) -> str:
    """The file that the dead container looked for; Unmet where nothing tells that it did."""
    system.container(EVIDENCE)
    files = MISSED.findall(system.logs(EVIDENCE))
    if not files:
        raise Unmet(f"{EVIDENCE} isn't the one that failed.", f"`docker logs {EVIDENCE}`")
    return str(files[-1])
