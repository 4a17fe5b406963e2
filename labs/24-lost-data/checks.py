"""Whether the night's observations are back, and kept outside the container, by whichever way."""

from __future__ import annotations

import io
import tarfile

from course.checks import System, Unmet, check, noted, symptom

DOOR = 9640
LOG, BEFORE = "night-log", "night-log-before"
BOOK = "/var/lib/night"
FILE = f"{BOOK}/log.txt"


@symptom
def the_log_is_empty(system: System) -> str:
    """Version 2 answers and shows no observation, and the old container holds them."""
    if system.http(DOOR, "/version").body != "2":
        raise Unmet("Version 2 isn't there.", "`docker ps`")
    if shown := system.http(DOOR).body:
        raise Unmet(f"The log shows {len(shown.splitlines())} lines.", "`docker logs night-log`")
    return f"It is empty, and {len(observed(system))} observations are left behind."


@symptom
def the_log_goes_with_its_container(system: System) -> str:
    """No mount keeps the folder of the log."""
    if kept := mounts(system):
        raise Unmet(f"A {kept[0]} is mounted at {BOOK}.", "`docker inspect night-log`")
    return "The log lies in the container's own layer."


@check(
    points=1,
    hints=(
        "I counted the lines of the log in `night-log-before`, and read `observations`. {seen}",
        "A container that is stopped still has its files. `docker diff` tells which it wrote, "
        "and files can be copied out of it.",
        "`docker cp night-log-before:/var/lib/night/log.txt - | tar --extract --to-stdout | wc -l`",
    ),
)
def the_observations_are_counted(system: System) -> str:
    """The file `facts.txt` says how many observations the night had."""
    if noted(system, "observations") != str(len(observed(system))):
        raise Unmet("The night had another number of observations.", "`docker ps --all`")
    return "facts.txt says how many there are."


@check(
    points=2,
    hints=(
        "I read the last line of the log in `night-log-before`, and `last_star`. {seen}",
        "The old container is the only one that was there last night. `docker diff` tells what it wrote.",
        "`docker cp night-log-before:/var/lib/night/log.txt - | tar --extract --to-stdout | tail -n 1`",
    ),
)
def the_last_star_is_noted(system: System) -> str:
    """It names the last star of the night."""
    if noted(system, "last_star") != observed(system)[-1]:
        raise Unmet("The last star of the night was another one.", "Its line begins with HD.")
    return "facts.txt names the last star."


@check(
    points=2,
    hints=(
        "I asked `night-log` for its version and for all observations. {seen}",
        "What was written last night lies in the old container. `docker diff` says where, "
        "and a copy can go into another container as well.",
        "`docker cp night-log-before:/var/lib/night/log.txt - | docker cp - night-log:/var/lib/night`",
    ),
)
def the_night_is_back(system: System) -> str:
    """`night-log` runs version 2 on port 9640 of `127.0.0.1`, and shows every observation of the night."""
    system.running(LOG)
    if system.http(DOOR, "/version").body != "2":
        raise Unmet("Version 2 doesn't run.", "`docker ps`")
    shown = system.http(DOOR).body.splitlines()
    missing = [line for line in observed(system) if line not in shown]
    if missing:
        raise Unmet(f"{len(missing)} observations of the night are missing.", f"`docker diff {BEFORE}`")
    return "All observations of the night are back."


@check(
    points=4,
    hints=(
        "I sent `night-log` an observation, and looked whether what it wrote outlives the container. {seen}",
        "`docker inspect night-log` lists the mounts. In which folder does the program write, "
        "and what of it goes when the container goes?",
        "`docker run` with `--volume night-book:/var/lib/night`, then bring the log back into it",
    ),
)
def the_next_night_is_safe(system: System) -> str:
    """What `night-log` writes lies in a volume with a name or in a folder, and outlives the container."""
    kept = mounts(system)
    if not kept:
        raise Unmet("The log lies in the container's own layer.", "`docker diff night-log`")
    if kept == ["nameless volume"]:
        raise Unmet("It lies in a volume that has no name.", "Would the next container get the same one?")
    system.http(DOOR, method="POST", body=system.nonce.encode())
    if system.nonce not in system.run_in(LOG, ["cat", FILE]).output:
        raise Unmet("It forgets an observation at once.", "`docker logs night-log`")
    return "What it writes outlives the container."


def observed(system: System) -> list[str]:
    """The lines that the night left in the old container."""
    system.container(BEFORE)
    chunks, _ = system.docker.containers.get(BEFORE).get_archive(FILE)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        (member,) = archive.getmembers()
        file = archive.extractfile(member)
        assert file is not None
        return file.read().decode().splitlines()


def mounts(system: System) -> list[str]:
    """What is mounted where `night-log` writes: "volume", "nameless volume" or "bind"; empty: nothing."""
    found = [
        each for each in system.running(LOG)["Mounts"] if f"{BOOK}/".startswith(each["Destination"] + "/")
    ]
    return ["nameless volume" if len(each.get("Name", "")) == 64 else each["Type"] for each in found]
