"""Whether the counter asks the shelf, by whichever name; and what was found out about the shelf."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from course.checks import System, Unmet, check, noted, symptom

DOOR = 9630
COUNTER, SHELF, NETWORK = "parcel-counter", "parcel-shelf", "post"


@symptom
def the_counter_asks_itself(system: System) -> str:
    """`parcel-counter` answers 502, after it has looked for the shelf at localhost."""
    reply = system.http(DOOR, f"/{system.nonce}")
    if reply.status != 502:
        raise Unmet(f"The counter answers with status {reply.status}.", "`docker logs parcel-counter`")
    system.logs(COUNTER, containing=f"asked http://localhost:8000/{system.nonce}: 502")
    return "It asks localhost, and nobody is there."


@symptom
def both_are_on_one_network(system: System) -> str:
    """The network isn't the fault: shelf and counter share it, and the shelf has got no question."""
    for name in (COUNTER, SHELF):
        if NETWORK not in system.running(name)["NetworkSettings"]["Networks"]:
            raise Unmet(f"{name} isn't on {NETWORK}.", "`docker network inspect post`")
    if "asked for" in system.logs(SHELF):
        raise Unmet("The shelf was asked.", "`docker logs parcel-shelf`")
    return "Both are on post."


@check(
    points=1,
    hints=(
        "I compared `shelf_address` in `facts.txt` with what the engine says of `parcel-shelf`. {seen}",
        "Each network that a container is on gives it an address. `docker network inspect post` lists them.",
        "`docker inspect --format '{{.NetworkSettings.Networks.post.IPAddress}}' parcel-shelf`",
    ),
)
def the_address_is_noted(system: System) -> str:
    """The file `facts.txt` gives the address of `parcel-shelf` on the network `post`."""
    networks = system.running(SHELF)["NetworkSettings"]["Networks"]
    if noted(system, "shelf_address") != networks.get(NETWORK, {}).get("IPAddress"):
        raise Unmet("The shelf has another address on post.", "It is one of two containers there.")
    return "facts.txt gives the shelf's address."


@check(
    points=2,
    hints=(
        "I compared `parcels` in `facts.txt` with what the shelf counts. {seen}",
        "There is no curl in a slim image, but there is Python. Chapter 07 started a program in there.",
        "`docker exec parcel-shelf python -c "
        "'import urllib.request as u; print(u.urlopen(\"http://localhost:8000\").read())'`",
    ),
)
def the_parcels_are_noted(system: System) -> str:
    """It says how many parcels lie on the shelf."""
    environment = dict(line.partition("=")[::2] for line in system.running(SHELF)["Config"]["Env"])
    if noted(system, "parcels") != environment.get("PARCELS"):
        raise Unmet("The shelf counts another number of parcels.", "Ask it in its own container.")
    return "facts.txt says how many parcels there are."


@check(
    points=3,
    hints=(
        "I asked 127.0.0.1:9630, and looked for the same question in the log of `parcel-shelf`. {seen}",
        "`docker logs parcel-counter` says whom it asks. Whose localhost is that? "
        "On a network of your own, containers have names.",
        "`docker rm --force parcel-counter`, then `docker run` as before, "
        "with `--env SHELF_URL=http://parcel-shelf:8000` in the place of the file",
    ),
)
def the_counter_knows(system: System) -> str:
    """`parcel-counter` answers on port 9630 of `127.0.0.1` with what the shelf says."""
    system.running(COUNTER)
    reply = system.http(DOOR, f"/{system.nonce}")
    if reply.status != 200:
        raise Unmet(f"The counter answers with status {reply.status}.", "`docker logs parcel-counter`")
    # The word that was asked with must have reached the shelf, or somebody made the answer up.
    system.logs(SHELF, containing=system.nonce)
    return "The counter answers with what the shelf says."


@check(
    points=1,
    needs=("the_counter_knows",),
    hints=(
        "I read in the counter's log whom it asks. {seen}",
        "Stop a container, start another, and start the first again: which address has it now? "
        "`docker network inspect post` shows what else it could be called.",
        "`--env SHELF_URL=http://parcel-shelf:8000`",
    ),
)
def it_asks_by_name(system: System) -> str:
    """It asks the shelf by a name, and not by an address."""
    asked = re.findall(rf"asked (\S+)/{system.nonce}: 200", system.logs(COUNTER, containing=system.nonce))
    try:
        ipaddress.ip_address(urlsplit(asked[-1]).hostname or "")
    except ValueError:
        return "It asks by a name."
    raise Unmet("It asks by an address.", "After the next start the shelf may have another one.")


@check(
    points=1,
    needs=("the_counter_knows",),
    hints=(
        "I looked for a door of the shelf to this machine. {seen}",
        "Containers on one network reach each other's ports without a door. `docker ps` lists the doors.",
        "No `--publish` for `parcel-shelf`: run the lunch cell again, and repair the counter",
    ),
)
def the_shelf_has_no_door(system: System) -> str:
    """`parcel-shelf` is published nowhere."""
    ports = system.running(SHELF)["NetworkSettings"]["Ports"] or {}
    if any(system.published(SHELF, inside) for inside in ports):
        raise Unmet("The shelf has a door to this machine.", "`docker port parcel-shelf`")
    return "The shelf has no door."
