"""Whether each container of the bakery does its work again, from its own image and program."""

from __future__ import annotations

from pathlib import Path

from course.checks import System, Unmet, check
from course.checks.reading import attempts

IMAGE = "python:3.13-slim"
BAKERY = Path(__file__).parent / "bakery"
CAUSES = {"oven": "setting", "till": "command", "pantry": "mount", "window": "name", "bell": "check"}
HEALTH_SECONDS = 15.0


@check(
    points=2,
    hints=(
        "I looked for a running `oven`, at its image and program, and asked it on port 8720. {seen}",
        "It ended with an exit code of its own. `docker logs --tail 1 oven` is its last word.",
        "`docker rm --force oven`, then its `docker run` again with `--env DEGREES=220`",
    ),
)
def the_oven_is_hot(system: System) -> str:
    """`oven` answers on port 8720 of `127.0.0.1`."""
    return at_work(system, "oven", 8720)


@check(
    points=2,
    hints=(
        "I looked for a running `till`, at its image and program, and asked it on port 8721. {seen}",
        "It never started. `docker inspect --format '{{.State.Error}}' till` says what was looked for.",
        "`docker rm --force till`, then its `docker run` again with `python` in the place of `python4`",
    ),
)
def the_till_counts(system: System) -> str:
    """`till` answers on port 8721 of `127.0.0.1`."""
    return at_work(system, "till", 8721)


@check(
    points=2,
    hints=(
        "I looked at the image and program of `pantry`, and asked it on port 8722. {seen}",
        "Its log says only 500. `docker diff pantry` finds a file that it wrote; `docker cp` brings it out, "
        "and `docker inspect` lists the mounts.",
        "`docker rm --force pantry`, then its `docker run` again with "
        '`--volume "$PWD/bakery/stock:/srv/stock"`',
    ),
)
def the_pantry_knows_its_stock(system: System) -> str:
    """`pantry` answers on port 8722 of `127.0.0.1`."""
    return at_work(system, "pantry", 8722)


@check(
    points=2,
    needs=("the_pantry_knows_its_stock",),
    hints=(
        "I asked `window` on port 8723, and looked in the log of `pantry` for the same request. {seen}",
        "Ask from its own place: `docker exec window env`, then "
        "`docker run --rm --network container:window course/tools:1 curl` with that address.",
        "`docker rm --force window`, then its `docker run` again with `--env PANTRY=http://pantry:8000`",
    ),
)
def the_window_shows_the_pantry(system: System) -> str:
    """`window` answers on port 8723 of `127.0.0.1` with what `pantry` tells it."""
    at_work(system, "window", 8723)
    # The same word must have reached the pantry, or the window made its answer up.
    system.logs("pantry", containing=system.nonce + "-window")
    return "window answers on 127.0.0.1:8723, and asked pantry for it."


@check(
    points=2,
    hints=(
        "I asked `bell` on port 8724, for its health, and looked in its log for the check's request. {seen}",
        "`docker inspect --format '{{json .State.Health.Log}}' bell` shows what the check printed. "
        "On which port does the program listen, and which one does the check ask?",
        "`docker rm --force bell`, then its `docker run` again with "
        "`--health-cmd 'python /app/bell.py 8000'`",
    ),
)
def the_bell_is_healthy(system: System) -> str:
    """`bell` answers on port 8724 of `127.0.0.1`, and a health check that asks it finds it healthy."""
    at_work(system, "bell", 8724)
    for _ in attempts(HEALTH_SECONDS):
        health = (system.running("bell")["State"].get("Health") or {}).get("Status", "none")
        if health != "starting":
            break
    if health == "none":
        raise Unmet("bell has no health check.", "Its `docker run` had one: `--health-cmd`.")
    if health != "healthy":
        raise Unmet(f"The health of bell is: {health}.", "`docker inspect bell`, under `Health`, says why.")
    system.logs("bell", containing="asked for /health: 200")
    return "bell answers on 127.0.0.1:8724, and its health check asked it and found it healthy."


@check(
    points=2,
    hints=(
        "I read the file `causes.txt` beside this notebook. {seen}",
        "One line for each container: its name, a colon, one word from the list. "
        "Say what was wrong, and not what you saw first.",
        "The lines are " + ", ".join(f"`{name}: {cause}`" for name, cause in CAUSES.items()) + ".",
    ),
)
def the_causes_are_noted(system: System) -> str:
    """The file `causes.txt` names the cause of each of the five faults."""
    lines = [line.lower().split(":") for line in system.file("causes.txt").splitlines() if line.strip()]
    noted = {line[0].strip(): line[1].strip() for line in lines if len(line) == 2}
    missing = [name for name in CAUSES if name not in noted]
    if missing:
        raise Unmet(f"causes.txt says nothing of: {', '.join(missing)}.", "A line looks like `oven: port`.")
    right = sum(noted[name] == cause for name, cause in CAUSES.items())
    if right < len(CAUSES):
        raise Unmet(
            f"{right} of the {len(CAUSES)} causes are right.", "The evidence of each container decides."
        )
    return "causes.txt names all five causes."


def at_work(system: System, name: str, port: int) -> str:
    """What is seen of container *name* that answers on *port* with its own program; else Unmet."""
    is_itself(system, name)
    word = f"{system.nonce}-{name}"
    reply = system.http(port, f"/{word}")
    if reply.status != 200 or word not in reply.body:
        raise Unmet(
            f"127.0.0.1:{port} answers with status {reply.status}, and not for what I asked.",
            f"`docker logs {name}` shows what it was asked; a program may keep a log of its own, too.",
        )
    # The word that was asked with must turn up in its log, or something else has answered.
    system.logs(name, containing=word)
    return f"{name} answers on 127.0.0.1:{port}."


def is_itself(system: System, name: str) -> None:
    """Unmet unless *name* runs the bakery's own program, unchanged, in the image that it always had."""
    found = system.running(name)
    if found["Image"] != system.image(IMAGE)["Id"]:
        raise Unmet(f"{name} runs from {found['Config']['Image']}.", f"Its image is {IMAGE}.")
    programs = [word for word in [found["Path"], *found["Args"]] if word.endswith(f"{name}.py")]
    if not programs:
        raise Unmet(f"{name} doesn't run {name}.py.", f"`docker inspect {name}` shows its Path and Args.")
    if system.run_in(name, ["cat", programs[0]]).output != (BAKERY / f"{name}.py").read_text():
        raise Unmet(
            f"The program of {name} isn't the one that was handed out.", f"Look at `bakery/{name}.py`."
        )
