"""Where the museum's books lie, and whether they outlive containers; how they got there doesn't matter."""

from __future__ import annotations

import os
import tarfile
from pathlib import PurePosixPath

from course.checks import Again, System, Unmet, again, check
from course.checks.reading import MOST_BYTES, open_below
from course.checks.rerun import COMPOSE_COPY

HERE = "127.0.0.1"
FOLDER = "/book"
BOOK = "entries.txt"
SUMMER = ("Grace: the clock in room 3 is slow", "Edsger: I counted 128 steps", "Barbara: the cat was here")
BRANCH = ("Niklaus: small, and good", "Frances: the tea is excellent")


def in_volume(system: System, name: str, volume: str) -> None:
    """Unmet unless /book of container *name* is the volume *volume*."""
    mounts = [each for each in system.running(name)["Mounts"] if each["Destination"] == FOLDER]
    look = f"`docker inspect --format '{{{{json .Mounts}}}}' {name}` shows what is mounted where."
    if not mounts:
        raise Unmet(f"Nothing is mounted at {FOLDER} in {name}: its book ends with the container.", look)
    if mounts[0]["Type"] != "volume":
        raise Unmet(f"{FOLDER} in {name} is a {mounts[0]['Type']} mount, not a volume.", look)
    if mounts[0]["Name"] != volume:
        raise Unmet(f"The volume at {FOLDER} in {name} is another one than {volume}.", look)


def shows(system: System, name: str, port: int, lines: tuple[str, ...]) -> None:
    """Unmet unless container *name* shows all *lines* on its port of this machine."""
    if (HERE, port) not in system.published(name, "3000/tcp"):
        raise Unmet(f"{name} is not on port {port} of {HERE}.", f"`docker port {name}`")
    there = system.http(port).body.splitlines()
    missing = [line for line in lines if line not in there]
    if missing:
        raise Unmet(
            f"Of {len(lines)} entries that I know, {len(missing)} are missing on {HERE}:{port}.",
            f"`curl http://{HERE}:{port}` shows the book, `docker exec {name} ls -ln {FOLDER}` the folder.",
        )


def write(system: System, port: int, name: str) -> None:
    """Write the nonce as a new entry; Unmet when the book takes none."""
    reply = system.http(port, method="POST", body=system.nonce.encode())
    if reply.status != 200:
        reason = reply.body.split(",")[0].strip()
        raise Unmet(
            f"A new entry is refused by {name}: {reason}.",
            f"Who runs the program, and whose is the book? `docker exec {name} ls -ln {FOLDER}`",
        )


def stays(system: System, name: str, port: int) -> None:
    """Unmet unless a new entry is there after a restart of container *name*."""
    write(system, port, name)
    system.docker.containers.get(name).restart(timeout=2)
    if system.nonce not in system.http(port, within=10).body.splitlines():
        raise Unmet(f"I wrote an entry, restarted {name}, and it was gone.", "Which places end at a stop?")


@check(
    points=2,
    hints=(
        "I looked what `front-desk` has at `/book`, and read the book on port 9030. {seen}",
        "`docker volume ls --filter dangling=true` lists volumes without a container. "
        "Mount each in a small container and look for Grace.",
        "With its name: `docker run --rm --volume NAME:/old:ro --volume guest-book:/new busybox:1.37 "
        "cp -a /old/. /new/`, then `docker run --detach --name front-desk --publish 127.0.0.1:9030:3000 "
        "--volume guest-book:/book museum:1`",
    ),
)
def the_lost_book_is_found(system: System) -> str:
    """`front-desk` shows the summer's entries on port 9030, and keeps its book in the volume `guest-book`."""
    in_volume(system, "front-desk", "guest-book")
    shows(system, "front-desk", 9030, SUMMER)
    return "front-desk shows the summer's entries from the volume guest-book."


@check(
    points=1,
    needs=("the_lost_book_is_found",),
    hints=(
        "I wrote an entry, restarted `front-desk`, and read the book. {seen}",
        "The program runs as user `node`, number 1000. `docker exec front-desk ls -ln /book` shows whose "
        "the file is: a plain copy by root belongs to root.",
        "`docker run --rm --volume guest-book:/book busybox:1.37 chown -R 1000 /book`",
    ),
)
def a_new_entry_stays(system: System) -> str:
    """`front-desk` takes a new entry, and has it after a restart."""
    stays(system, "front-desk", 9030)
    return "front-desk took a new entry, and had it after a restart."


@check(
    points=2,
    hints=(
        "I opened `guest-book.tar` and looked for `entries.txt` in it. {seen}",
        "A small container can have both: the volume, and this folder. "
        "`tar -tvf guest-book.tar` lists what is in the archive.",
        '`docker run --rm --volume guest-book:/from:ro --volume "$PWD:/to" busybox:1.37 '
        "tar -cf /to/guest-book.tar -C /from .`",
    ),
)
def the_backup_is_whole(system: System) -> str:
    """`guest-book.tar`, a plain tar archive, holds `entries.txt` with the summer's entries."""
    there = packed(system, "guest-book.tar").splitlines()
    missing = [line for line in SUMMER if line not in there]
    if missing:
        raise Unmet(
            f"In the archive {len(missing)} of {len(SUMMER)} entries are missing.",
            "`tar -xOf guest-book.tar ./entries.txt` prints the book in it.",
        )
    return "guest-book.tar holds the summer's entries."


def packed(system: System, name: str) -> str:
    """The book in a tar archive of the work folder."""
    system.file(name)  # says in words when there is none
    try:
        with (
            os.fdopen(open_below(system.folder, PurePosixPath(name)), "rb") as file,
            tarfile.open(fileobj=file, mode="r:") as archive,
        ):
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                if content and PurePosixPath(member.name).name == BOOK:
                    return content.read(MOST_BYTES).decode(errors="replace")
    except (tarfile.TarError, OSError):
        raise Unmet(f"{name} is no plain tar archive.", f"`tar -tvf {name}`") from None
    raise Unmet(f"There is no {BOOK} in {name}.", f"`tar -tvf {name}` lists what it holds.")


@check(
    points=2,
    hints=(
        "I looked what `branch` has at `/book`, read its book on port 9031, wrote an entry, "
        "and restarted it. {seen}",
        "`tar -tvf branch.tar` shows where in the archive the book is. It must be at the volume's top.",
        '`docker run --rm --volume "$PWD:/from:ro" --volume branch-book:/to busybox:1.37 '
        "tar -xf /from/branch.tar -C /to --strip-components 1`, then `docker run --detach --name branch "
        "--publish 127.0.0.1:9031:3000 --volume branch-book:/book museum:1`",
    ),
)
def the_branch_has_its_book(system: System) -> str:
    """`branch` shows the book of `branch.tar` on port 9031, from `branch-book`, and takes new entries."""
    in_volume(system, "branch", "branch-book")
    shows(system, "branch", 9031, BRANCH)
    stays(system, "branch", 9031)
    return "branch shows its old entries from branch-book, and a new one stayed."


@check(
    points=1,
    hints=(
        "I asked as whom `poster` runs, wrote through port 9032, and read `posters/entries.txt` here. {seen}",
        "The folder belongs to you, and the program runs as number 1000. "
        "Who may give a folder to another number?",
        '`docker run --rm --volume "$PWD/posters:/posters" busybox:1.37 chown 1000 /posters`, then '
        "`docker run --detach --name poster --publish 127.0.0.1:9032:3000 "
        '--volume "$PWD/posters:/book" museum:1`',
    ),
)
def the_poster_is_in_your_folder(system: System) -> str:
    """What is written through port 9032 of `poster`, which isn't root, stands in your folder `posters`."""
    system.running("poster")
    user = system.run_in("poster", ["id", "-u"]).output.strip()
    if user == "0":
        raise Unmet("poster runs as root.", "The image names a user: `docker image inspect museum:1`")
    if (HERE, 9032) not in system.published("poster", "3000/tcp"):
        raise Unmet(f"poster is not on port 9032 of {HERE}.", "`docker port poster`")
    write(system, 9032, "poster")
    if system.nonce not in system.file(f"posters/{BOOK}"):
        raise Unmet("What I wrote isn't in posters/entries.txt.", "Which folder is mounted at `/book`?")
    return "poster isn't root, and what I wrote stands in posters/entries.txt."


@check(
    points=2,
    hints=(
        "I started your `compose.yaml` anew, wrote an entry, removed the container with its anonymous "
        "volumes, started it again, and read. {seen}",
        "Which place outlives a new container? A Compose file names its volumes at its end, "
        "and says in the service where each is mounted.",
        "In the service `volumes:` with `- book:/book`, and at the end of the file `volumes:` with `book:`",
    ),
)
def the_book_outlives_a_redeploy(system: System) -> str:
    """An entry that `desk` of `compose.yaml` took is there when its container has been replaced."""
    system.file("compose.yaml")
    with again(system) as anew:
        anew.up("compose.yaml")
        write(anew.system, door(anew), "desk")
        compose = f"docker compose --project-name {anew.name} --file {COMPOSE_COPY}"
        anew.must(f"{compose} rm --stop --force --volumes", "compose.yaml", 20)
        anew.must(f"{compose} up --detach --wait", "compose.yaml", 20)
        if system.nonce not in anew.system.http(door(anew), within=10).body.splitlines():
            raise Unmet(
                "I wrote an entry, replaced the container, and the entry was gone.",
                "`docker compose up --detach`, write, `docker compose down`, and up again: do you see it?",
            )
    return "An entry outlived its container."


def door(anew: Again) -> int:
    """The port of this machine that leads to the service `desk`, once it answers."""
    ports = anew.system.published(anew.service("desk"), "3000/tcp")
    if not ports:
        raise Unmet("The service desk publishes no port for 3000.", "`docker compose config`")
    anew.system.http(ports[0][1], within=10)
    return ports[0][1]
