"""Whether the map is drawn within the plotter's share of memory, and how the first plotter died."""

from __future__ import annotations

import re

from course.checks import System, Unmet, check, noted, symptom

DOOR, TILES, MOST_MIB = 9650, 24, 512
PLOTTER, EVIDENCE = "plotter", "evidence-25"
START_SECONDS = 10.0


@symptom
def the_plotter_died_for_want_of_memory(system: System) -> str:
    """`plotter` has ended, its last words are about memory, and the engine knows of no kill."""
    state = system.container(PLOTTER)["State"]
    if state["Status"] != "exited" or state["ExitCode"] == 0:
        raise Unmet(f"plotter is {state['Status']}.", "`docker ps --all`")
    if state["OOMKilled"]:
        raise Unmet("The kernel killed it.", "`docker inspect plotter`")
    system.logs(PLOTTER, containing="heap out of memory")
    return f"It ended with exit code {state['ExitCode']}."


@check(
    points=1,
    hints=(
        "I looked for the dead container under the name `evidence-25`. {seen}",
        "`docker ps --all` shows each container and its name. A name can change without a new container.",
        "`docker rename plotter evidence-25`",
    ),
)
def the_evidence_is_kept(system: System) -> str:
    """The dead container is still there, and is called `evidence-25`."""
    state = system.container(EVIDENCE)["State"]
    if state["Running"] or "heap out of memory" not in system.logs(EVIDENCE):
        raise Unmet(f"{EVIDENCE} isn't the one that died.", f"`docker logs {EVIDENCE}`")
    return f"{EVIDENCE} is there, with its last words."


@check(
    points=2,
    needs=("the_evidence_is_kept",),
    hints=(
        "I compared `exit_code` and `oom_killed` with the dead container. {seen}",
        "`docker inspect` keeps how a container ended, under `State`, also of one that is long dead.",
        "`docker inspect --format '{{.State.ExitCode}} {{.State.OOMKilled}}' evidence-25`",
    ),
)
def the_death_is_noted(system: System) -> str:
    """The file `facts.txt` says with which exit code it ended, and whether the kernel killed it."""
    state = system.container(EVIDENCE)["State"]
    true = {"exit_code": str(state["ExitCode"]), "oom_killed": str(state["OOMKilled"]).lower()}
    wrong = [name for name, value in true.items() if noted(system, name).lower() != value]
    if wrong:
        raise Unmet(
            f"It is otherwise with {' and '.join(wrong)}.", "Not every lack of memory is the kernel's."
        )
    return "facts.txt says how it died."


@check(
    points=1,
    needs=("the_evidence_is_kept",),
    hints=(
        "I compared `last_contour` with the log of the dead container. {seen}",
        "A dead container keeps its log. Its last words fill a page, and the tiles stand above them.",
        "`docker logs evidence-25 | grep contour | tail -n 1`",
    ),
)
def the_last_contour_is_noted(system: System) -> str:
    """It gives the contour of the last tile that was drawn."""
    if noted(system, "last_contour") != re.findall(r"contour (\d+)", system.logs(EVIDENCE))[-1]:
        raise Unmet("The last tile had another contour.", f"`docker logs {EVIDENCE}`")
    return "facts.txt gives the last contour."


@check(
    points=3,
    hints=(
        "I asked 127.0.0.1:9650 for the map, and looked in the log of `plotter` for the question. {seen}",
        "Its last words name a limit that was reached: whose limit is it, and where was it set? "
        "The other way is to need less at once: `atlas/plotter.js` tells what it holds.",
        "`docker run` as before, with `--env NODE_OPTIONS=--max-old-space-size=200` in front of the image",
    ),
)
def the_map_is_drawn(system: System) -> str:
    """`plotter` shows a map of all 24 tiles on port 9650 of `127.0.0.1`."""
    system.running(PLOTTER)
    reply = system.http(DOOR, f"/{system.nonce}", within=START_SECONDS)
    if reply.status != 200 or reply.body != f"a map of {TILES} tiles\n":
        raise Unmet(
            f"It answers with status {reply.status}: {reply.body.strip()[:60]}", "`docker logs plotter`"
        )
    # The word that was asked with must turn up in its log, or something else has answered.
    system.logs(PLOTTER, containing=system.nonce)
    return "A map of all 24 tiles is there."


@check(
    points=2,
    needs=("the_map_is_drawn",),
    hints=(
        "I asked the plotter how much its heap may take. {seen}",
        "A program without a limit of its own takes one that it works out from the machine's memory. "
        "`docker inspect plotter` shows what it was told.",
        "`--env NODE_OPTIONS=--max-old-space-size=200`",
    ),
)
def the_printer_has_room(system: System) -> str:
    """The plotter's heap may take 512 MiB at most."""
    limit = int(system.http(DOOR, "/limit").body)
    if limit > MOST_MIB:
        raise Unmet("Its heap may take more than 512 MiB.", "`curl http://127.0.0.1:9650/limit`")
    return "Its heap may take 512 MiB at most."
