"""Whether the lending desk has its port again, and who had it; how room was made doesn't matter."""

from __future__ import annotations

from typing import Any

from course.checks import System, Unmet, check, noted, symptom

HERE, DOOR = "127.0.0.1", 9600
DESK, IMAGE = "lending-desk", "nginx:1.26"
OTHERS = (9601, 9602)
BEGIN_ANEW = "The late shift's cell begins anew: the old displays go, and new ones come."


@symptom
def the_port_is_taken(system: System) -> str:
    """`lending-desk` was created and never started, and a container of another name holds its port."""
    state = system.container(DESK)["State"]["Status"]
    if state != "created":
        raise Unmet(f"{DESK} is {state}.", "`docker ps --all`")
    holders = system.docker.api.containers(filters={"publish": str(DOOR)})
    if len(holders) != 1:
        raise Unmet(f"{len(holders)} containers hold port {DOOR}.", "`docker ps`")
    return "A display holds the desk's port."


@check(
    points=2,
    hints=(
        "I compared `holder` in `facts.txt` with the container whose door was port 9600. {seen}",
        "`docker ps` lists the doors of everything that runs, and it can be asked for one port alone. "
        "Nobody gave that container a name, so the engine did.",
        "`docker ps --filter publish=9600 --format '{{.Names}}'`, while it runs",
    ),
)
def the_holder_is_noted(system: System) -> str:
    """The file `facts.txt` names the container that held port 9600."""
    name = str(display(system, DOOR)["Name"]).removeprefix("/")
    if noted(system, "holder") != name:
        raise Unmet("Another container held port 9600 than the one in facts.txt.", "`docker ps --all`")
    return "facts.txt names the container that held port 9600."


@check(
    points=1,
    hints=(
        "I compared `inside` in `facts.txt` with the port behind that door. {seen}",
        "`docker port` and `docker inspect` show both sides of a door. Which one is the container's?",
        "`docker port NAME`: the number on the left, in front of `/tcp`",
    ),
)
def the_inner_port_is_noted(system: System) -> str:
    """It says to which port inside that container the door led."""
    (inside,) = display(system, DOOR)["HostConfig"]["PortBindings"]
    if noted(system, "inside") != str(inside).removesuffix("/tcp"):
        raise Unmet("The door led to another port than the one in facts.txt.", "Begin with its name.")
    return "facts.txt says where the door led."


@check(
    points=1,
    hints=(
        "I looked for the display that held port 9600. {seen}",
        "A container that is stopped holds no port, and keeps its files. `docker ps --all` shows it.",
        "`docker stop NAME`, and no `docker rm`",
    ),
)
def the_third_display_rests(system: System) -> str:
    """The display that held port 9600 is stopped, and still there."""
    if display(system, DOOR)["State"]["Running"]:
        raise Unmet("The display that held port 9600 runs.", "`docker ps --filter label=ticket=20`")
    return "It is stopped, and its pictures are still there."


@check(
    points=3,
    hints=(
        "I asked 127.0.0.1:9600 for a page, and looked in the log of `lending-desk` for it. {seen}",
        "A port has one holder at a time. And `docker ps --all` shows what the tries of this morning left.",
        "`docker stop NAME` of the holder, then `docker start lending-desk`",
    ),
)
def the_desk_answers(system: System) -> str:
    """`lending-desk` answers from `nginx:1.26` on port 9600 of `127.0.0.1`."""
    if system.running(DESK)["Image"] != system.image(IMAGE)["Id"]:
        raise Unmet(f"{DESK} runs from another image.", f"It is made of {IMAGE}.")
    reply = system.http(DOOR, f"/?{system.nonce}")
    if reply.status != 200:
        raise Unmet(f"127.0.0.1:9600 answers with status {reply.status}.", "`docker ps` says who has it.")
    # The word that was asked with must turn up in its log, or something else has answered.
    system.logs(DESK, containing=system.nonce)
    return "lending-desk answers on 127.0.0.1:9600."


@check(
    points=1,
    needs=("the_desk_answers",),
    hints=(
        "I looked at the displays on ports 9601 and 9602. {seen}",
        "They were in nobody's way. `docker ps --all` shows which of them still runs.",
        "`docker start NAME` of each display that you didn't mean to stop",
    ),
)
def the_exhibition_goes_on(system: System) -> str:
    """The displays on ports 9601 and 9602 still run."""
    for door in OTHERS:
        if not display(system, door)["State"]["Running"]:
            raise Unmet(f"The display on port {door} has ended.", "`docker ps --all`")
    return "Both other displays run."


def display(system: System, door: int) -> dict[str, Any]:
    """The display that the late shift put on port *door*; Unmet when it is gone."""
    for row in system.docker.api.containers(all=True, filters={"label": "ticket=20"}):
        found = dict(system.docker.api.inspect_container(row["Id"]))
        wanted = [each["HostPort"] for each in sum(found["HostConfig"]["PortBindings"].values(), [])]
        if wanted == [str(door)]:
            return found
    raise Unmet(f"The display that was put on port {door} is gone.", BEGIN_ANEW)
