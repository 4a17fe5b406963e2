"""Whether the crane hears the radio and the shed doesn't, and what was found out about their networks."""

from __future__ import annotations

import re

from course.checks import System, Unmet, check, noted, symptom

RADIO, CRANE, SHED = "radio", "crane", "customs-shed"
CRANE_DOOR, SHED_DOOR = 9690, 9691
LEAST_ID = 12


@symptom
def the_name_is_unknown(system: System) -> str:
    """`crane` answers 502, because it could not find anybody by the name of the radio."""
    reply = system.http(CRANE_DOOR, f"/{system.nonce}")
    if reply.status != 502:
        raise Unmet(f"The crane answers with status {reply.status}.", "`docker logs crane`")
    system.running(RADIO)
    # In the words of a name server that has somebody to ask, and of one that hasn't.
    if not re.search(r"Errno -[235]\b", system.logs(CRANE, containing="no answer")):
        raise Unmet("It didn't fail for a name.", "`docker logs crane`")
    return "The crane doesn't know the name."


@symptom
def they_have_no_network_in_common(system: System) -> str:
    """Crane and radio both run, and are on no network together."""
    if common := networks(system, CRANE) & networks(system, RADIO):
        raise Unmet(f"Both are on {', '.join(sorted(common))}.", "`docker network inspect`")
    return "No network holds both."


@check(
    points=2,
    hints=(
        "I compared `radio_address` in `facts.txt` with what the engine says of `radio`. {seen}",
        "`docker inspect radio` lists its networks, each with an address.",
        "`docker inspect --format '{{.NetworkSettings.Networks.quay.IPAddress}}' radio`",
    ),
)
def the_address_is_noted(system: System) -> str:
    """The file `facts.txt` gives the address of `radio` on the network `quay`."""
    found = system.running(RADIO)["NetworkSettings"]["Networks"].get("quay") or {}
    if noted(system, "radio_address") != found.get("IPAddress"):
        raise Unmet("The radio has another address on quay.", "`docker network inspect quay`")
    return "facts.txt gives the radio's address."


@check(
    points=1,
    hints=(
        "I compared `crane_network` with the networks there are. {seen}",
        "`docker network ls` shows the beginning of each ID. Which one is the crane's?",
        "`docker network inspect --format '{{.Id}}' pier`",
    ),
)
def the_network_is_noted(system: System) -> str:
    """It gives the ID, or at least twelve digits of it, of the network on which the crane was."""
    given, true = noted(system, "crane_network"), str(system.network("pier")["Id"])
    if len(given) < LEAST_ID or not true.startswith(given):
        raise Unmet("The crane was on another network.", "`docker network ls`")
    return "facts.txt gives the ID of the crane's network."


@check(
    points=3,
    hints=(
        "I asked the crane on 127.0.0.1:9690, and looked for the same question in the log of `radio`. {seen}",
        "Names are known to those who share a network. `docker network inspect` lists who is on one. "
        "And a container may be on more than one.",
        "`docker network connect quay crane`",
    ),
)
def the_crane_hears(system: System) -> str:
    """`crane` answers on port 9690 of `127.0.0.1` with the radio's word."""
    asked_through(system, CRANE, CRANE_DOOR)
    return "The crane hears the radio."


@check(
    points=2,
    needs=("the_crane_hears",),
    hints=(
        "I asked the shed on 127.0.0.1:9691, and looked for the same question in the log of `radio`. {seen}",
        "The shed knows the crane by its name. `docker inspect crane` shows where it still is.",
        "`docker network connect pier crane`",
    ),
)
def the_shed_hears_the_crane(system: System) -> str:
    """`customs-shed` answers on port 9691 with what the crane has heard."""
    asked_through(system, SHED, SHED_DOOR)
    return "The shed hears the crane."


@check(
    points=1,
    needs=("the_crane_hears",),
    hints=(
        "I compared the networks of `radio` and `customs-shed`. {seen}",
        "`docker inspect` shows the networks of both. Who has to be on both sides?",
        "`docker network disconnect pier radio`, and `docker network connect quay crane`",
    ),
)
def the_shed_is_kept_off_the_radio(system: System) -> str:
    """`radio` and `customs-shed` share no network, and the radio has no door to this machine."""
    if common := networks(system, RADIO) & networks(system, SHED):
        raise Unmet(f"Both are on {', '.join(sorted(common))}.", "`docker network inspect`")
    ports = system.running(RADIO)["NetworkSettings"]["Ports"] or {}
    if any(system.published(RADIO, inside) for inside in ports):
        raise Unmet("The radio has a door to this machine.", "`docker port radio`")
    return "The shed can't ask the radio."


def networks(system: System, name: str) -> set[str]:
    """The networks that container *name* is on."""
    return set(system.running(name)["NetworkSettings"]["Networks"])


def asked_through(system: System, name: str, door: int) -> None:
    """Unmet unless a question at *door* of station *name* reaches the radio, and its word comes back."""
    system.running(name)
    path = f"/{system.nonce}-{name}"
    reply = system.http(door, path)
    if reply.status != 200 or "radio reports" not in reply.body:
        raise Unmet(
            f"It answers with status {reply.status}: {reply.body.strip()[:60]}", f"`docker logs {name}`"
        )
    # The word that was asked with must have reached the radio, or somebody made the answer up.
    system.logs(RADIO, containing=path)
