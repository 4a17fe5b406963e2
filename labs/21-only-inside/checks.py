"""Whether the board of Market Square is lit, by whichever way; and what was found on the way."""

from __future__ import annotations

from course.checks import System, Unmet, check, noted, symptom

HERE, DOOR = "127.0.0.1", 9610
BOARD, EVIDENCE = "board", "evidence-21"


@symptom
def the_board_is_dark(system: System) -> str:
    """`board` runs, port 9610 of `127.0.0.1` is published, and whoever asks there gets no answer."""
    if (HERE, DOOR) not in doors(system):
        raise Unmet("board isn't published on 127.0.0.1:9610.", "`docker port board`")
    try:
        reply = system.http(DOOR, within=1.0)
    except Unmet as unmet:
        return unmet.seen
    raise Unmet(f"127.0.0.1:9610 answers with status {reply.status}.", "`docker logs board`")


@check(
    points=1,
    hints=(
        "I looked for the broken container under the name `evidence-21`. {seen}",
        "`docker ps --all` shows each container, its name and whether it runs. "
        "A name can change without a new container.",
        "`docker stop -t 1 board`, then `docker rename board evidence-21`",
    ),
)
def the_evidence_is_kept(system: System) -> str:
    """The broken container is stopped, and is called `evidence-21`."""
    found = system.container(EVIDENCE)
    if found["State"]["Running"]:
        raise Unmet(f"{EVIDENCE} runs.", "It must not be asked by mistake.")
    if not port_of(found):
        raise Unmet(f"{EVIDENCE} isn't what the night shift started.", f"`docker inspect {EVIDENCE}`")
    return f"{EVIDENCE} is stopped, and still there."


@check(
    points=2,
    needs=("the_evidence_is_kept",),
    hints=(
        "I read `listens_on` in `facts.txt`, and compared it with the container that you kept. {seen}",
        "From outside you see the published port, and not who listens behind it. "
        "Chapter 07 put a container full of tools beside another one.",
        "`docker run --rm --network container:board course/tools:1 ss -ltnH`, while the broken one runs",
    ),
)
def the_listener_is_noted(system: System) -> str:
    """The file `facts.txt` says on which address and port the broken board listened."""
    true = f"127.0.0.1:{port_of(system.container(EVIDENCE))}"
    if noted(system, "listens_on") != true:
        raise Unmet(
            "The broken board listened at another place than the one in facts.txt.",
            "Who listens is asked in the container, while it runs: run the night shift's cell again.",
        )
    return "facts.txt says where the broken board listened."


@check(
    points=3,
    hints=(
        "I asked 127.0.0.1:9610 for a board, and looked in the log of `board` for the same request. {seen}",
        "What comes through a published port doesn't come from the container's own loopback. "
        "`tram/board.py` says what decides on which address it listens.",
        "`docker run` as the night shift did, with `--env BOARD_ADDRESS=0.0.0.0` in front of the image",
    ),
)
def the_board_is_lit(system: System) -> str:
    """`board` answers on port 9610 of `127.0.0.1`."""
    system.running(BOARD)
    reply = system.http(DOOR, f"/{system.nonce}")
    if reply.status != 200 or not {"Market Square", system.nonce} <= set(words(reply.body, system.nonce)):
        raise Unmet(f"127.0.0.1:9610 answers with status {reply.status}, and shows no board.",
                    "`docker ps` shows who has the port.")  # fmt: skip
    # The word that was asked with must turn up in its log, or something else has answered.
    system.logs(BOARD, containing=system.nonce)
    return "board answers on 127.0.0.1:9610."


@check(
    points=2,
    needs=("the_board_is_lit",),
    hints=(
        "I looked through which doors one comes to `board`. {seen}",
        "`docker port board` shows each door: which address of this machine does it name?",
        "`docker rm --force board`, then `docker run` again with `--publish 127.0.0.1:9610:8000`",
    ),
)
def the_city_sees_nothing(system: System) -> str:
    """No other machine can ask `board`."""
    open_doors = sorted({host for host, _ in doors(system) if host != HERE})
    if open_doors:
        raise Unmet(f"board is published on {', '.join(open_doors)}, too.", "`docker port board`")
    return "board is there for this machine alone."


def words(body: str, nonce: str) -> list[str]:
    """Which of the two words of a board the *body* holds."""
    return [word for word in ("Market Square", nonce) if word in body]


def port_of(container: dict[str, dict[str, list[str]]]) -> str:
    """The port that the night shift gave the board; empty where *container* isn't theirs."""
    environment = dict(line.partition("=")[::2] for line in container["Config"]["Env"] or ())
    theirs = "BOARD_PORT" in environment and "BOARD_ADDRESS" not in environment
    return environment["BOARD_PORT"] if theirs else ""


def doors(system: System) -> set[tuple[str, int]]:
    """Address and port of this machine for each door of `board`."""
    ports = system.running(BOARD)["NetworkSettings"]["Ports"] or {}
    return {door for inside in ports for door in system.published(BOARD, inside)}
