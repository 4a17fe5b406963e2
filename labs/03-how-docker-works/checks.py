"""What the engine shows of the office's staff, and whether the notes agree; how they came doesn't matter."""

from __future__ import annotations

import json
from typing import Any

from course.checks import System, Unmet, check

IMAGE = "busybox:1.37"
FULL_NAME = "docker.io/library/busybox:1.37"
NEVER = "0001-01-01T00:00:00Z"
TOLD = ("ApiVersion", "Version", "Os", "Arch")


@check(
    points=2,
    hints=(
        "I read `engine.txt` and asked the engine for the same. {seen}",
        "`docker version` answers for client and daemon together. "
        "The daemon alone answers to `GET /version`.",
        "`curl --silent --unix-socket /var/run/docker.sock http://docker/version > engine.txt`, "
        "with the socket that `docker context inspect` names.",
    ),
)
def the_engine_is_on_file(system: System) -> str:
    """`engine.txt` holds the engine's answer to `GET /version`."""
    told = parsed(system.file("engine.txt"))
    truth = system.docker.version()
    wrong = [name for name in TOLD if told.get(name) != truth.get(name)]
    if wrong:
        raise Unmet(
            f"In engine.txt this is missing or not what the engine says: {', '.join(wrong)}.",
            "The whole answer begins with a brace, and these names stand in its outermost level.",
        )
    return "engine.txt says of the engine what the engine says."


@check(
    points=2,
    hints=(
        "I looked for `clerk` and its image, command, variable and label. {seen}",
        "A name that the API doesn't know is passed over in silence: "
        "it takes `Image`, `Cmd`, `Env` (a list of `NAME=value`) and `Labels`. "
        "`docker inspect clerk` shows what came of it.",
        "`docker rm --force clerk`, then `docker run --detach --name clerk --env DESK=3 "
        "--label floor=ground busybox:1.37 tail -f /dev/null`",
    ),
)
def the_clerk_is_at_the_desk(system: System) -> str:
    """`clerk` runs `tail -f /dev/null` from `busybox:1.37`, with `DESK=3` and the label `floor=ground`."""
    clerk = system.running("clerk")
    from_busybox(system, "clerk", clerk)
    command = [clerk["Path"], *clerk["Args"]]
    if command != ["tail", "-f", "/dev/null"]:
        raise Unmet(f"clerk runs `{' '.join(command)}`.", "The command is a list of words, `Cmd` in the API.")
    if "DESK=3" not in (clerk["Config"]["Env"] or []):
        raise Unmet("clerk has no variable DESK with the value 3.", "`docker exec clerk env` lists them.")
    label = (clerk["Config"]["Labels"] or {}).get("floor")
    if label != "ground":
        seen = "clerk has no label floor." if label is None else f"The label floor of clerk is {label!r}."
        raise Unmet(seen, "`docker inspect clerk` shows the labels under `Config`.")
    return "clerk runs as the table says."


@check(
    points=1,
    needs=("the_clerk_is_at_the_desk",),
    hints=(
        "I read `number.txt` and asked the engine for the clerk's process. {seen}",
        "Inside its PID namespace it is number 1. The engine keeps the host's number beside the state.",
        "`docker inspect --format '{{.State.Pid}}' clerk > number.txt`",
    ),
)
def the_number_is_noted(system: System) -> str:
    """`number.txt` holds the number that the clerk's main process has on the host."""
    noted = system.file("number.txt").strip()
    if noted != str(system.running("clerk")["State"]["Pid"]):
        raise Unmet(
            "What number.txt holds is not the number of the clerk's process on the host.",
            "`docker inspect clerk` shows it under `State`; a new start gives a new number.",
        )
    return "number.txt holds the clerk's number on the host."


@check(
    points=2,
    hints=(
        "I looked for `messenger`, its state and its exit code. {seen}",
        "The exit code is that of the main process: `sh -c 'exit 3'` ends with 3. "
        "With `--rm` nothing is left to look at.",
        "`docker rm --force messenger`, then "
        "`docker run --detach --name messenger busybox:1.37 sh -c 'exit 7'`",
    ),
)
def the_messenger_came_back(system: System) -> str:
    """`messenger`, from `busybox:1.37`, ran to its end with exit code 7."""
    messenger = system.container("messenger")
    from_busybox(system, "messenger", messenger)
    state = messenger["State"]
    if state["Status"] != "exited" or state["StartedAt"] == NEVER:
        raise Unmet(f"messenger is {state['Status']}.", "`docker ps --all` shows its state.")
    if state["ExitCode"] != 7:
        raise Unmet(
            f"messenger ended with exit code {state['ExitCode']}.", "`docker wait messenger` tells it."
        )
    return "messenger ended with exit code 7."


@check(
    points=1,
    needs=("the_messenger_came_back",),
    hints=(
        "I read `steps.txt`. {seen}",
        "`docker events` with `--since` and `--until` ends by itself. "
        "What is made, started and ended in one second needs an end in fractions of a second.",
        "`docker events --since 10m --until \"$(docker info --format '{{.SystemTime}}')\" "
        "--filter container=messenger --format '{{.Action}}' > steps.txt`",
    ),
)
def the_steps_are_noted(system: System) -> str:
    """`steps.txt` holds the events of `messenger` in their order, one word on a line."""
    noted = system.file("steps.txt").split()
    # Whoever ran it in the foreground has seen it attached as well.
    if [word for word in noted if word != "attach"] != ["create", "start", "die"]:
        raise Unmet(
            f"steps.txt holds: {', '.join(noted) or 'nothing'}.",
            "It lacks a step, has one too many, or has them in another order.",
        )
    return "steps.txt holds the messenger's steps in their order."


@check(
    points=1,
    hints=(
        "I looked for `reserve` and its state. {seen}",
        "`docker run` is two commands in one. The first of them alone makes the container.",
        "`docker rm --force reserve`, then `docker create --name reserve busybox:1.37`",
    ),
)
def the_reserve_waits(system: System) -> str:
    """`reserve`, from `busybox:1.37`, is made and was never started."""
    reserve = system.container("reserve")
    from_busybox(system, "reserve", reserve)
    state = reserve["State"]
    if state["Status"] != "created" or state["StartedAt"] != NEVER:
        raise Unmet(
            f"reserve is {state['Status']}, and was started.", "A container that has run can't go back."
        )
    return "reserve is made, and was never started."


@check(
    points=1,
    hints=(
        "I read `full-name.txt`. {seen}",
        "In front of a short name belong the registry and the owner of the official images, with slashes.",
        f"`echo {FULL_NAME} > full-name.txt`",
    ),
)
def the_full_name_is_noted(system: System) -> str:
    """`full-name.txt` holds the whole name of `busybox:1.37`, from the registry to the tag."""
    noted = system.file("full-name.txt").strip()
    if noted != FULL_NAME:
        raise Unmet(
            f"full-name.txt holds {noted!r}.", "The chapter's table of names has a row for each part."
        )
    return "full-name.txt holds registry, owner, repository and tag."


def parsed(text: str) -> dict[str, Any]:
    """*text* as a JSON object; Unmet when it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unmet("engine.txt doesn't hold one JSON object.", "`cat engine.txt` shows what it holds.")
    return found


def from_busybox(system: System, name: str, container: dict[str, Any]) -> None:
    """Unmet unless *container* was made from the lab's image."""
    if container["Image"] != system.image(IMAGE)["Id"]:
        raise Unmet(
            f"{name} is made from {container['Config']['Image']}.",
            "`docker ps --all` shows each one's image.",
        )
