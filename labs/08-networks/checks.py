"""Who in the theatre finds whom, tried with a seat that is sold at the desk; the commands don't matter."""

from __future__ import annotations

import json

from course.checks import System, Unmet, check
from course.checks.web import Reply

DESK, POSTER, USHER = 8830, 8831, 8832
WITHIN = 5.0  # seconds; a program that knows no name answers only after its own limit
DOOR = {"desk": DESK, "poster": POSTER, "usher": USHER}


@check(
    points=3,
    hints=(
        "I sold a seat at the desk, and looked for it in the list that `seats` keeps. {seen}",
        "The desk asks the host that `SEATS_HOST` names, and `localhost` without it. "
        "Who is `localhost` inside a container? And does the desk share a network with `seats`?",
        "`docker rm --force desk`, then `docker run --detach --name desk --network backstage "
        "--publish 127.0.0.1:8830:3000 --env SEATS_HOST=seats --env KEY_FILE=/theatre/key.txt "
        '--volume "$PWD/theatre:/theatre:ro" node:24-slim node /theatre/desk.js`',
    ),
)
def the_desk_sells_a_seat(system: System) -> str:
    """A seat sold by `desk`, on port 8830 of `127.0.0.1`, stands in the list that `seats` keeps."""
    reply = sell(system)
    if reply.status != 200:
        raise Unmet(
            f"The desk sells nothing; it says: {reply.body.strip()[:120]}.",
            "`docker logs desk` says where it looks for the seats.",
        )
    kept = system.run_in("seats", ["redis-cli", "lrange", "sold", "0", "-1"]).output.split()
    if system.nonce not in kept:
        raise Unmet(
            "The desk says that it sold the seat, and seats has no such line.",
            "`docker exec seats redis-cli lrange sold 0 -1` shows what it has.",
        )
    return "a seat sold at the desk stands in the list of seats."


@check(
    points=2,
    needs=("the_desk_sells_a_seat",),
    hints=(
        "I read what `docker inspect desk` says, and looked for the key in it. {seen}",
        "What you give with `--env` stands in the container's settings for all to read. "
        "The top of `theatre/desk.js` names two ways to hand over the key.",
        "`--env KEY_FILE=/theatre/key.txt` instead of `--env KEY=…`, in the `docker run` of `desk`",
    ),
)
def the_key_is_not_in_the_settings(system: System) -> str:
    """`desk` knows its key, and `docker inspect desk` doesn't show it."""
    if sell(system, key="another").status != 403:
        raise Unmet("The desk sells to somebody with a wrong key.", "`theatre/desk.js` compares `X-Key`.")
    if key_of(system) in json.dumps(system.container("desk")):
        raise Unmet(
            "The key of the desk stands in its settings.",
            "`docker inspect --format '{{json .Config.Env}}' desk` shows its environment.",
        )
    return "desk asks for its key, and inspect doesn't show it."


@check(
    points=2,
    needs=("the_desk_sells_a_seat",),
    hints=(
        "I sold a seat at the desk, and asked the usher whether that guest may go in. {seen}",
        "The usher asks for the host `ledger`. A container may have a second name on a network. "
        "Which option of `docker network connect` gives one?",
        "`docker network connect --alias ledger backstage seats` and, for `usher`, the same without alias; "
        "if `seats` is there already: first `docker network disconnect backstage seats`",
    ),
)
def the_usher_finds_the_ledger(system: System) -> str:
    """`usher`, on port 8832 of `127.0.0.1`, lets in whom the desk has just sold a seat."""
    shows_the_sale(system, "usher")
    return "usher lets in a guest who has just bought a seat."


@check(
    points=1,
    needs=("the_desk_sells_a_seat",),
    hints=(
        "I sold a seat at the desk, and looked at the poster. {seen}",
        "The poster asks for the host `desk`. On the default bridge there are no names. "
        "Which network do `poster` and `desk` have in common?",
        "`docker network connect foyer desk` and `docker network connect foyer poster`",
    ),
)
def the_poster_finds_the_desk(system: System) -> str:
    """`poster`, on port 8831 of `127.0.0.1`, shows the seat that the desk has just sold."""
    shows_the_sale(system, "poster")
    return "poster shows a seat that was just sold."


@check(
    points=2,
    hints=(
        "I looked on which networks `seats` and `poster` are, and whether `seats` has a door. {seen}",
        "`docker inspect` lists a container's networks. The default bridge is one, too: "
        "who is still on it, and who takes a container off a network?",
        "`docker network disconnect bridge seats`",
    ),
)
def the_street_cannot_reach_the_seats(system: System) -> str:
    """`seats` shares no network with `poster`, is not on the default bridge, and has no published port."""
    seats, poster = rooms(system, "seats"), rooms(system, "poster")
    if common := sorted(seats & poster):
        raise Unmet(
            f"seats and poster share a network: {', '.join(common)}.",
            f"`docker network inspect {common[0]}` shows who is on it.",
        )
    if open_to_all := sorted(seats & {"bridge", "host"}):
        raise Unmet(
            f"seats is on {open_to_all[0]}, where everybody is who names no network.",
            "`docker inspect seats` lists its networks.",
        )
    if doors := [door for door in system.running("seats")["NetworkSettings"]["Ports"].values() if door]:
        raise Unmet(f"seats has {len(doors)} published port(s).", "`docker port seats` shows them.")
    return "no network leads from poster to seats, and seats has no door."


def sell(system: System, key: str = "") -> Reply:
    """Ask the desk to sell a seat to the nonce, with the theatre's own key unless another is given."""
    headers = {"X-Key": key or key_of(system)}
    return system.http(DESK, f"/sell/{system.nonce}", method="POST", headers=headers, within=WITHIN)


def key_of(system: System) -> str:
    """The key that the theatre's file holds."""
    return system.file("theatre/key.txt").strip()


def shows_the_sale(system: System, name: str) -> None:
    """Unmet unless container *name* itself is asked, and shows the seat that was just sold."""
    reply = system.http(DOOR[name], f"/?{system.nonce}", within=WITHIN)
    system.logs(name, containing=system.nonce)
    if system.nonce not in reply.body.split():
        raise Unmet(
            f"{name} doesn't show it; it says: {reply.body.strip().splitlines()[0][:120]}.",
            f"`docker inspect {name}` lists its networks.",
        )


def rooms(system: System, name: str) -> set[str]:
    """The networks of a running container."""
    return set(system.running(name)["NetworkSettings"]["Networks"])
