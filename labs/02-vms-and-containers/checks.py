"""Which views of the kernel the containers share, and what was written down of them; not by what command."""

from __future__ import annotations

import re

from course.checks import System, Unmet, check

HOST = "workshop"
READER = re.compile(r"^\s*(\d+)\s.*tail -f /etc/group", re.MULTILINE)
WORDS = {"pid": "processes", "net": "network"}


@check(
    points=1,
    hints=(
        "I looked for `reception` and asked it for its host name. {seen}",
        "The name that Docker uses and the name that programs inside see are two things. "
        "`docker exec reception hostname` shows the second; `docker run --help` lists its flag.",
        "`docker rm --force reception`, then "
        "`docker run --detach --name reception --hostname front-desk busybox:1.37 tail -f /dev/null`",
    ),
)
def the_reception_has_its_name(system: System) -> str:
    """`reception` runs, and programs in it take their host for `front-desk`."""
    name = system.run_in("reception", ["hostname"]).output.strip()
    if name != "front-desk":
        raise Unmet(
            "Inside reception the host name is another one.", "`docker exec reception hostname` shows it."
        )
    return "The host name in reception is front-desk."


@check(
    points=2,
    hints=(
        "I compared the views of `caretaker` and `workshop`. {seen}",
        "`docker exec caretaker cat /proc/1/comm` names the first process that `caretaker` sees. "
        "Which flag of `docker run` chooses whose processes those are?",
        "`docker rm --force caretaker`, then `docker run --detach --name caretaker "
        "--pid container:workshop debian:trixie-slim tail -f /dev/null`",
    ),
)
def the_caretaker_sees_the_processes(system: System) -> str:
    """`caretaker` shares the processes of `workshop`, and not its network."""
    must_share(system, "caretaker", "pid")
    must_not_share(system, "caretaker", "net")
    return "caretaker sees the processes of workshop and has a network of its own."


@check(
    points=2,
    hints=(
        "I compared the views of `courier` and `workshop`, and asked for the page from `courier`. {seen}",
        "Each container has a loopback of its own, unless it shares another's network. "
        "Which flag of `docker run` chooses the network?",
        "`docker rm --force courier`, then `docker run --detach --name courier "
        "--network container:workshop busybox:1.37 tail -f /dev/null`",
    ),
)
def the_courier_shares_the_address(system: System) -> str:
    """`courier` gets the page of `workshop` at `127.0.0.1:8000`, and doesn't share its processes."""
    must_share(system, "courier", "net")
    must_not_share(system, "courier", "pid")
    got = system.run_in("courier", ["wget", "-q", "-O", "-", "http://127.0.0.1:8000/"])
    if got.exit_code:
        raise Unmet(
            "courier gets no page at 127.0.0.1:8000.", "`docker top workshop` shows whether its server runs."
        )
    return "courier gets the page of workshop at 127.0.0.1:8000, and has its own processes."


@check(
    points=1,
    hints=(
        "I compared `kernel.txt` with what the kernel says in `workshop`. {seen}",
        "A release of Debian and a release of the kernel are two things. The second is what `uname` tells.",
        "`docker exec workshop uname -r > kernel.txt`",
    ),
)
def the_kernel_is_noted(system: System) -> str:
    """The file `kernel.txt` holds the release of the kernel that `workshop` runs on, and nothing else."""
    release = system.run_in(HOST, ["uname", "-r"]).output.strip()
    same(system, "kernel.txt", release, "`docker exec workshop uname -r` asks the kernel.")
    return "kernel.txt holds the release that the kernel says in workshop."


@check(
    points=2,
    hints=(
        "I compared `outside.txt` with the engine's own record of `workshop`. {seen}",
        "`docker inspect workshop` holds the number under `State`. Number 1 is the one *inside*.",
        "`docker inspect --format '{{.State.Pid}}' workshop > outside.txt`",
    ),
)
def the_number_outside_is_noted(system: System) -> str:
    """The file `outside.txt` holds the host's number of the first process of `workshop`, and nothing else."""
    number = str(system.running(HOST)["State"]["Pid"])
    same(system, "outside.txt", number, "`docker inspect workshop` shows it under State.")
    return "outside.txt holds the number that the first process of workshop has on the host."


@check(
    points=2,
    hints=(
        "I compared `reader.txt` with the processes in `workshop`. {seen}",
        "`docker exec workshop ps` numbers the processes as `workshop` sees them; "
        "`docker top workshop` numbers them as the host does.",
        "`docker exec workshop ps -o pid,args | awk '/tail -f .etc.group/ { print $1 }' > reader.txt`",
    ),
)
def the_reader_is_noted(system: System) -> str:
    """The file `reader.txt` holds the inside number of the process that follows `/etc/group`, no more."""
    found = READER.search(system.run_in(HOST, ["ps", "-o", "pid,args"]).output)
    if found is None:
        raise Unmet("Nothing in workshop follows /etc/group.", "`docker exec workshop ps` lists what runs.")
    same(system, "reader.txt", found[1], "`docker exec workshop ps` lists processes with their numbers.")
    return "reader.txt holds the number of the process that follows /etc/group."


def view(system: System, name: str, kind: str) -> str:
    """The kernel's number of the view that container *name* has: two that share it have the same."""
    return system.run_in(name, ["readlink", f"/proc/self/ns/{kind}"]).output.strip()


def must_share(system: System, name: str, kind: str) -> None:
    """Unmet unless container *name* and the workshop have one view of this kind."""
    if view(system, name, kind) != view(system, HOST, kind):
        look = f"compare `docker exec {name} readlink /proc/self/ns/{kind}` with the same in {HOST}."
        raise Unmet(f"{name} doesn't share the {WORDS[kind]} of {HOST}.", look)


def must_not_share(system: System, name: str, kind: str) -> None:
    """Unmet when container *name* has the workshop's view of a kind that it should have for itself."""
    if view(system, name, kind) == view(system, HOST, kind):
        look = f"compare `docker exec {name} readlink /proc/self/ns/{kind}` with the same in {HOST}."
        raise Unmet(f"{name} shares the {WORDS[kind]} of {HOST}, too.", look)


def same(system: System, name: str, truth: str, look: str) -> None:
    """Unmet unless file *name* holds *truth* and nothing else."""
    if system.file(name).strip() != truth:
        raise Unmet(f"{name} holds something else.", look)
