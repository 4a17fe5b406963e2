"""Whether one file starts the library, in order and from nothing; what is typed in it doesn't matter."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from course.checks import Again, System, Unmet, again, check
from course.checks.rerun import beside

HERE = "127.0.0.1"
DOOR = 9130
FILE = "compose.yaml"
ALL = "compose.all.json"
SECRET = "shelf_password.txt"
USUAL = "9 to 5"
START_SECONDS = 60.0
ANSWER_SECONDS = 15.0
LABEL = "com.docker.compose"


@check(
    points=2,
    hints=(
        "I looked for the desk of the project `library`, for its doors, and asked it for its books. {seen}",
        "`docker compose ps` shows what runs and which ports are published. "
        "Colleagues on the same network must not get in: which address do you write in front of the port?",
        'Under `desk:` write `ports:` and below it `- "127.0.0.1:9130:3000"`, '
        "then `docker compose up --detach`.",
    ),
)
def the_desk_answers(system: System) -> str:
    """The desk of the project `library` answers on port 9130 of `127.0.0.1`, and through no other door."""
    name = member(system, "library", "desk")
    doors = system.published(name, "3000/tcp")
    if set(doors) != {(HERE, DOOR)}:
        told = ", ".join(f"{host}:{port}" for host, port in sorted(doors)) or "none"
        raise Unmet(f"The desk has these doors: {told}.", "`docker compose ps` shows the same.")
    answers(system, name, DOOR, f"/?{system.nonce}")
    return f"The desk answers on {HERE}:{DOOR}, and that is its only door."


@check(
    points=1,
    hints=(
        "I copied your folder to an empty place and said `docker compose up --wait` there. {seen}",
        "`docker compose config --quiet` tells whether the file can be read, `docker compose logs` what a "
        "service said before it ended.",
        "Each `docker run` line becomes a service: its image, its `command:`, and a key for each flag.",
    ),
)
def the_file_is_enough(system: System) -> str:
    """`compose.yaml` alone, in an empty place, starts a shelf and a desk that answers."""
    trial = tried(system)
    if trial.failure:
        raise trial.failure
    return "A copy of the folder started from nothing, and its desk answered."


@check(
    points=2,
    needs=("the_file_is_enough",),
    hints=(
        "I started a copy of your folder from nothing and looked how often the desk had to start. {seen}",
        "A restart policy hides a start that comes too early. What must be true of the shelf before the desk "
        "may start, and who can tell Compose?",
        "Give `shelf` a `healthcheck:` with `test: redis-cli ping` and `interval: 1s`, and `desk` a "
        "`depends_on:` with `shelf:` and `condition: service_healthy`.",
    ),
)
def the_desk_waits_for_the_shelf(system: System) -> str:
    """Started from nothing, the shelf gets healthy, and the desk finds it ready at its first start."""
    trial = tried(system)
    if trial.health != "healthy":
        raise Unmet(f"The shelf's health is: {trial.health}.", "A health check is a command in the service.")
    if trial.restarts:
        raise Unmet(
            "The desk ended because the shelf wasn't ready, and was started again.",
            "`docker compose logs desk` shows its first try.",
        )
    return "The shelf got healthy, and the desk started once."


@check(
    points=2,
    needs=("the_file_is_enough",),
    hints=(
        "I gave a book to the desk of a copy, said `down` and `up`, and asked for the book. {seen}",
        "`docker compose down` removes containers and what lies in them. "
        "Where does the shelf keep its books, and what outlives a container?",
        "Under `shelf:` write `volumes:` with `- books:/data`, "
        "and at the end of the file `volumes:` with `books:`.",
    ),
)
def the_books_outlive_the_containers(system: System) -> str:
    """A book that was given to the desk is there after `down` and `up`."""
    kept = tried(system).kept
    if system.nonce not in kept:
        raise Unmet(
            f"After `down` and `up` the desk knows {count_of(kept)} of the one book.",
            "`docker volume ls` shows which volumes have a name.",
        )
    return "The book was there after `down` and `up`."


@check(
    points=2,
    needs=("the_file_is_enough",),
    hints=(
        "I looked into the environment of shelf and desk, and asked the shelf without a password. {seen}",
        "`docker inspect` shows every variable of a container to whoever may ask the engine. Both programs "
        "also take `SHELF_PASSWORD_FILE`: the name of a file inside the container.",
        "At the end of the file `secrets:` with `shelf_password:` and `file: shelf_password.txt`; "
        "in each service `secrets:` with `- shelf_password`, "
        "and the variable `SHELF_PASSWORD_FILE: /run/secrets/shelf_password`.",
    ),
)
def the_password_is_a_secret(system: System) -> str:
    """The shelf asks for the password, and no container's settings show it."""
    trial = tried(system)
    if trial.told:
        raise Unmet(
            f"The settings of {' and '.join(trial.told)} hold the password.",
            "`docker inspect --format '{{json .Config.Env}}' library-shelf-1`",
        )
    if "NOAUTH" not in trial.without_password:
        raise Unmet(
            "The shelf lets everybody in: it asks for no password.",
            "`library/shelf.sh` says where its password comes from.",
        )
    return "The shelf asks for its password, and no settings hold it."


@check(
    points=1,
    needs=("the_file_is_enough",),
    hints=(
        "I asked Compose for the desk's `HOURS`, without a variable of that name and then with one. {seen}",
        "`docker compose config` shows the value, and so does `HOURS=never docker compose config`. "
        "How does a file take a value from outside, and what it takes when there is none?",
        "`HOURS: ${HOURS:-9 to 5}`",
    ),
)
def the_hours_come_from_outside(system: System) -> str:
    """The desk's `HOURS` are those of the variable `HOURS`, and `9 to 5` where there is none."""
    usual, given = tried(system).hours
    if (usual, given) != (USUAL, system.nonce):
        raise Unmet(
            f"HOURS is {usual!r} without the variable, and {given!r} with {system.nonce!r} in it.",
            "`HOURS=never docker compose config | grep HOURS`",
        )
    return f"HOURS is {USUAL} by itself, and what the variable says otherwise."


@check(
    points=2,
    needs=("the_file_is_enough",),
    hints=(
        "I looked whether `up` leaves `inventory` alone, and ran it as `docker compose run` does. {seen}",
        "A service with a profile is passed over by `up`. `docker compose --profile '*' config --services` "
        "lists those as well.",
        "A third service `inventory`, made from your colleague's last line, with `profiles:` and `- tools`.",
    ),
)
def the_inventory_comes_when_it_is_called(system: System) -> str:
    """`inventory` isn't started by `up`, and `docker compose run inventory` prints every book."""
    trial = tried(system)
    if trial.uncalled:
        raise Unmet("`up` has started inventory as well.", "`docker compose ps --all` shows it.")
    if system.nonce not in trial.listed:
        last = [line for line in trial.listed.splitlines() if line.strip()][-1:] or ["nothing"]
        raise Unmet(
            f"`docker compose run --rm inventory` doesn't print the book; it says: {last[0].strip()}",
            "Say it yourself, and read what comes.",
        )
    return "inventory stayed away until it was called, and then printed the book."


@dataclass
class Trial:
    """What a copy of the folder did, started from nothing; *failure* is why there is no more to tell."""

    failure: Unmet | None = None
    restarts: int = 0
    health: str = "none"
    told: list[str] = field(default_factory=list)
    without_password: str = ""
    hours: tuple[str, str] = ("", "")
    uncalled: bool = False
    listed: str = ""
    kept: str = ""


@lru_cache(maxsize=1)
def tried(system: System) -> Trial:
    """One start of a copy for all checks of one judgement: it takes many seconds."""
    trial = Trial()
    try:
        system.file(FILE)
        with again(system) as anew:
            anew.up(FILE, within=START_SECONDS)
            _look(anew, trial)
    except Unmet as unmet:
        trial.failure = unmet
    return trial


def _look(anew: Again, trial: Trial) -> None:
    """Fill *trial* with what the started copy shows, and what it knows after `down` and `up`."""
    shelf, desk = (member(anew.system, anew.name, service) for service in ("shelf", "desk"))
    _give_a_book(anew.system, desk)
    about = {"shelf": anew.system.running(shelf), "desk": anew.system.running(desk)}
    trial.restarts = about["desk"]["RestartCount"]
    trial.health = (about["shelf"]["State"].get("Health") or {"Status": "none"})["Status"]
    password = anew.system.file(SECRET).strip()
    trial.told = [name for name, each in about.items() if password in json.dumps(each["Config"])]
    trial.without_password = anew.system.run_in(shelf, ["redis-cli", "ping"]).output
    usual, given = (_config(anew, f"env {setting}") for setting in ("-u HOURS", f"HOURS={anew.system.nonce}"))
    trial.hours = (_hours(usual), _hours(given))
    trial.uncalled = bool(members(anew.system, anew.name, "inventory"))
    compose = f"docker compose --project-name {anew.name} --file"
    everything = json.dumps(beside(_config(anew, "env COMPOSE_PROFILES='*'")))
    anew.must(f"printf %s {shlex.quote(everything)} > {ALL}", FILE, START_SECONDS)
    ran = anew.shell(f"{compose} {ALL} --progress quiet run --rm --no-deps inventory", ANSWER_SECONDS)
    trial.listed = ran.output if ran else "it doesn't end"
    anew.down(ALL, within=START_SECONDS)
    anew.up(FILE, within=START_SECONDS)
    trial.kept = _asked(anew.system, member(anew.system, anew.name, "desk"), "/").body


def _config(anew: Again, before: str) -> dict[str, Any]:
    """The file as Compose understands it, with the words *before* the command."""
    line = (
        f"{before} docker compose --project-name {anew.name} --file {FILE} config --format json 2> /dev/null"
    )
    found: dict[str, Any] = json.loads(anew.must(line, FILE, START_SECONDS))
    return found


def _hours(config: dict[str, Any]) -> str:
    return str((config["services"]["desk"].get("environment") or {}).get("HOURS"))


def _give_a_book(system: System, desk: str) -> None:
    reply = _asked(system, desk, "/", system.nonce.encode())
    if "noted" not in reply.body:
        raise Unmet(
            f"The desk takes no book: it answers {reply.body.strip()!r}.", "`docker compose logs desk`"
        )


def _asked(system: System, desk: str, path: str, book: bytes | None = None) -> Any:
    """What the desk answers, wherever the engine has put its door."""
    doors = system.published(desk, "3000/tcp")
    if not doors:
        raise Unmet("The desk has no door: its port 3000 isn't published.", "`docker compose ps`")
    method = "POST" if book else "GET"
    return system.http(doors[0][1], path, method=method, body=book, within=ANSWER_SECONDS)


def answers(system: System, name: str, port: int, path: str) -> None:
    """Unmet unless *name* itself takes a request on *port* of the loopback and answers it well."""
    reply = system.http(port, path, within=ANSWER_SECONDS)
    if reply.status != 200:
        raise Unmet(f"{HERE}:{port} answers with status {reply.status}.", f"`docker logs {name}` says why.")
    # The word that was asked with must turn up in its log, or something else has answered.
    system.logs(name, containing=system.nonce)


def members(system: System, project: str, service: str) -> list[str]:
    """The containers that `up` made for *service* of *project*, whatever they are called."""
    labels = [f"{LABEL}.project={project}", f"{LABEL}.service={service}", f"{LABEL}.oneoff=False"]
    rows = system.docker.api.containers(all=True, filters={"label": labels})
    return sorted(row["Names"][0].removeprefix("/") for row in rows)


def member(system: System, project: str, service: str) -> str:
    """The container of *service*; Unmet with what the project has instead."""
    found = members(system, project, service)
    if not found:
        rows = system.docker.api.containers(all=True, filters={"label": f"{LABEL}.project={project}"})
        there = ", ".join(sorted({row["Labels"][f"{LABEL}.service"] for row in rows})) or "none at all"
        raise Unmet(
            f"The project has no container of a service {service}; there are: {there}.",
            "`docker compose ps --all`, in the folder of the file.",
        )
    return found[0]


def count_of(kept: str) -> str:
    """The number of books in the desk's answer, in words."""
    return "none" if not kept.strip() else "others, and not that one,"
