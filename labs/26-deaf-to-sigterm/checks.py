"""Whether the lamp hears that it should end, whoever passes it on; and how the last one died."""

from __future__ import annotations

import io
import re
import signal
import tarfile

from course.checks import System, Unmet, check, noted, symptom

MORNING, EVENING = "morning-lamp", "evening-lamp"
BOOK = "/book/nights.txt"
GOOD = "put out in good order"


@symptom
def the_last_lamp_was_killed(system: System) -> str:
    """`morning-lamp` ended with 137 though nobody lacked memory, and its night isn't in the book."""
    state = system.container(MORNING)["State"]
    if state["ExitCode"] != 137 or state["OOMKilled"]:
        raise Unmet(f"It ended with exit code {state['ExitCode']}.", "`docker inspect morning-lamp`")
    if entries := book(system, MORNING):
        raise Unmet(f"The book has {len(entries)} entries.", "`docker logs morning-lamp`")
    return "It was killed, and the book is empty."


@symptom
def the_next_lamp_is_deaf(system: System) -> str:
    """In `evening-lamp` process 1 is the script, and has no handler for SIGTERM."""
    if "start.sh" not in system.run_in(EVENING, ["cat", "/proc/1/cmdline"]).output:
        raise Unmet("Process 1 isn't the script.", "`docker top evening-lamp`")
    status = system.run_in(EVENING, ["cat", "/proc/1/status"]).output
    caught = int(re.findall(r"SigCgt:\t([0-9a-f]+)", status)[0], 16)
    if caught >> (signal.SIGTERM - 1) & 1:
        raise Unmet("Process 1 has a handler for SIGTERM.", "`/proc/1/status`, SigCgt")
    return "Process 1 is a shell that doesn't listen."


@check(
    points=2,
    hints=(
        "I compared `exit_code` and `ended_at` with the state of `morning-lamp`. {seen}",
        "`docker inspect` keeps how and when a container ended, under `State`.",
        "`docker inspect --format '{{.State.ExitCode}} {{.State.FinishedAt}}' morning-lamp`",
    ),
)
def the_death_is_noted(system: System) -> str:
    """The file `facts.txt` says how `morning-lamp` ended, and when."""
    state = system.container(MORNING)["State"]
    if noted(system, "exit_code") != str(state["ExitCode"]):
        raise Unmet("It ended with another exit code.", "`docker ps --all` shows it, too.")
    # To the second: nobody types nine digits more than they must.
    if noted(system, "ended_at")[:19] != state["FinishedAt"][:19]:
        raise Unmet("It ended at another moment.", "The engine's own note counts, in UTC.")
    return "facts.txt says how and when it ended."


@check(
    points=1,
    hints=(
        "I read `process_1`. {seen}",
        "In a container's `/proc`, each process has a folder of its number. `docker top` shows them, too: "
        "which of the two is the other's parent?",
        "`docker exec evening-lamp cat /proc/1/cmdline`, before the lamp is lit anew",
    ),
)
def the_deaf_one_is_noted(system: System) -> str:
    """It gives the command line of the process that `docker stop` asks."""
    line = noted(system, "process_1").replace("\\0", " ")
    if "start.sh" not in line or "lamp.py" in line:
        raise Unmet("Another process was number 1.", "`docker top` of a lamp that burns")
    return "facts.txt says who was asked."


@check(
    points=4,
    hints=(
        "I looked how `evening-lamp` ended, and what it said last. {seen}",
        "The signal goes to process 1 alone. In `lighthouse/start.sh`, what does the shell do while the lamp "
        "burns? It could make room for the lamp, or pass the signal on.",
        "`exec python /app/lamp.py` as the script's last line; then `docker stop -t 2 evening-lamp`",
    ),
)
def the_lamp_hears(system: System) -> str:
    """`evening-lamp`, started by a script, was asked to end, and ended with exit code 0."""
    state = system.container(EVENING)["State"]
    if state["Running"]:
        raise Unmet("evening-lamp burns.", "The morning has come.")
    if state["ExitCode"] != 0:
        raise Unmet(
            f"evening-lamp ended with exit code {state['ExitCode']}.", "Chapter 07 has a table of these."
        )
    said = system.logs(EVENING)
    if GOOD not in said or "the lens is clean" not in said:
        raise Unmet("Its log doesn't tell of a clean lens and a good end.", "`docker logs evening-lamp`")
    return "It was put out in good order."


@check(
    points=2,
    needs=("the_lamp_hears",),
    hints=(
        "I looked in the book of `evening-lamp` for its night. {seen}",
        "`docker inspect evening-lamp` lists its mounts. The book must lie on the coast guard's volume.",
        "`docker run` again with `--volume lamp-book:/book`",
    ),
)
def the_night_is_in_the_book(system: System) -> str:
    """Its night stands in the book, in the volume `lamp-book`."""
    nights = re.findall(r"this is night ([0-9a-f]+)", system.logs(EVENING))
    mounts = {each.get("Name"): each["Destination"] for each in system.container(EVENING)["Mounts"]}
    if mounts.get("lamp-book") != "/book":
        raise Unmet("The volume lamp-book isn't at /book.", "`docker inspect evening-lamp`")
    if f"night {nights[-1]}: {GOOD}" not in book(system, EVENING):
        raise Unmet("Its night isn't in the book.", "`docker logs evening-lamp`")
    return "Its night stands in the book."


def book(system: System, name: str) -> list[str]:
    """The lines of the book that container *name* sees; none where there is no book."""
    from docker.errors import NotFound

    system.container(name)
    try:
        chunks, _ = system.docker.containers.get(name).get_archive(BOOK)
    except NotFound:
        return []
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        assert file is not None
        return file.read().decode().splitlines()
