"""Whether the turnstile answers at the gate's port, and what was found out about the broken one."""

from __future__ import annotations

import re

from course.checks import System, Unmet, check, noted, symptom

HERE, GATE = "127.0.0.1", 9620
TURNSTILE, EVIDENCE = "turnstile", "evidence-22"
READY = re.compile(r"this roll is ([0-9a-f]{8})")


@symptom
def the_ports_are_swapped(system: System) -> str:
    """The program listens on another port than 9620, and its door leads from that number to 9620."""
    port = environment(system, TURNSTILE).get("PORT", "")
    doors = system.published(TURNSTILE, f"{GATE}/tcp")
    if port == str(GATE) or doors != ((HERE, int(port)),):
        raise Unmet(f"It listens on {port}, and its doors to {GATE} are {doors}.", "`docker port turnstile`")
    system.logs(TURNSTILE, containing="ready")
    return "The number of the program stands where that of the gate belongs."


@symptom
def the_gate_is_refused(system: System) -> str:
    """Nobody listens on port 9620 of `127.0.0.1`."""
    try:
        reply = system.http(GATE, within=0.2)
    except Unmet as unmet:
        return unmet.seen
    raise Unmet(f"127.0.0.1:9620 answers with status {reply.status}.", "`docker ps`")


@check(
    points=1,
    hints=(
        "I looked for the broken container under the name `evidence-22`. {seen}",
        "`docker ps --all` shows each container, its name and whether it runs. "
        "A name can change without a new container.",
        "`docker stop -t 1 turnstile`, then `docker rename turnstile evidence-22`",
    ),
)
def the_evidence_is_kept(system: System) -> str:
    """The broken container is stopped, and is called `evidence-22`."""
    found = system.container(EVIDENCE)
    if found["State"]["Running"]:
        raise Unmet(f"{EVIDENCE} runs.", "The gate must not ask it by mistake.")
    if f"{GATE}/tcp" not in found["HostConfig"]["PortBindings"]:
        raise Unmet(f"{EVIDENCE} isn't what the firm started.", f"`docker inspect {EVIDENCE}`")
    return f"{EVIDENCE} is stopped, and still there."


@check(
    points=2,
    needs=("the_evidence_is_kept",),
    hints=(
        "I compared `listens_on` in `facts.txt` with the container that you kept. {seen}",
        "What is published says nothing about who listens. Ask in there, with tools from beside it, "
        "as chapter 07 does; or look at what the program was told.",
        "`docker run --rm --network container:turnstile course/tools:1 ss -ltnH`, while it runs",
    ),
)
def the_listener_is_noted(system: System) -> str:
    """The file `facts.txt` says on which port the broken turnstile listened."""
    if noted(system, "listens_on") != environment(system, EVIDENCE).get("PORT"):
        raise Unmet("The broken turnstile listened on another port.", "Ask in there, not out here.")
    return "facts.txt says where it listened."


@check(
    points=1,
    needs=("the_evidence_is_kept",),
    hints=(
        "I compared `roll` in `facts.txt` with the log of the container that you kept. {seen}",
        "The number stands on each ticket, and a program says much at its start. "
        "A stopped container keeps its log.",
        "`docker logs evidence-22`: the last word of its first line",
    ),
)
def the_roll_is_noted(system: System) -> str:
    """It gives the number of the roll that the broken turnstile had."""
    rolls = READY.findall(system.logs(EVIDENCE))
    if noted(system, "roll") not in rolls:
        raise Unmet("The broken turnstile had another roll of tickets.", "Each start puts in a new one.")
    return "facts.txt gives the number of its roll."


@check(
    points=3,
    hints=(
        "I asked 127.0.0.1:9620 to be let in, and looked in the log of `turnstile` for it. {seen}",
        "`docker port turnstile` shows the container's port on the left, and this machine's on the right. "
        "Which of the two does the program listen on, and which does the gate ask?",
        "`docker run` as the firm did, with `--env PORT=9620 --publish 127.0.0.1:9620:9620`",
    ),
)
def the_gate_opens(system: System) -> str:
    """`turnstile` answers on port 9620 of `127.0.0.1`."""
    system.running(TURNSTILE)
    reply = system.http(GATE, f"/{system.nonce}")
    if reply.status != 200 or "one ticket of roll" not in reply.body:
        raise Unmet(f"127.0.0.1:9620 answers with status {reply.status}, and gives no ticket.", "`docker ps`")
    # The word that was asked with must turn up in its log, or something else has answered.
    system.logs(TURNSTILE, containing=system.nonce)
    return "turnstile answers on 127.0.0.1:9620."


@check(
    points=2,
    needs=("the_gate_opens",),
    hints=(
        "I looked through which doors one comes to `turnstile`. {seen}",
        "`docker port turnstile` shows each door: which address of this machine does it name?",
        "`docker rm --force turnstile`, then `docker run` again with `--publish 127.0.0.1:9620:9620`",
    ),
)
def only_the_gate_turns_it(system: System) -> str:
    """No other machine can ask it."""
    ports = system.running(TURNSTILE)["NetworkSettings"]["Ports"] or {}
    hosts = {host for inside in ports for host, _ in system.published(TURNSTILE, inside)}
    if hosts - {HERE}:
        raise Unmet(f"It is published on {', '.join(sorted(hosts))}.", "`docker port turnstile`")
    return "It is there for this machine alone."


def environment(system: System, name: str) -> dict[str, str]:
    """The variables that container *name* was given."""
    return dict(line.partition("=")[::2] for line in system.container(name)["Config"]["Env"] or ())
