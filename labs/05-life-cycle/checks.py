"""In which state the night shift's containers are, and what they kept; how they got there doesn't matter."""

from __future__ import annotations

from course.checks import System, Unmet, check
from course.checks.reading import attempts

GREETING = "the night shift wishes you a good morning"
ENTRIES = 3
FAILED = ("baker", "driver", "printer", "watchman")
TRIES = 4
SETTLED_SECONDS = 8.0


@check(
    points=2,
    hints=(
        "I looked whether `porch` runs, and asked for its page on port 8520. {seen}",
        "`docker ps --all` shows its state. The page lies in its writable layer: "
        "which command uses a container again, and which makes a new one?",
        "`docker start porch`",
    ),
)
def the_porch_greets_again(system: System) -> str:
    """`porch` runs, and shows the night shift's greeting on port 8520 of `127.0.0.1`."""
    system.running("porch")
    reply = system.http(8520, f"/?{system.nonce}")
    system.logs("porch", containing=system.nonce)
    if GREETING not in reply.body:
        raise Unmet("porch answers, and the greeting isn't on its page.", "`curl http://127.0.0.1:8520`")
    return "porch runs, and the greeting is on its page."


@check(
    points=1,
    hints=(
        "I looked for a container `minutes`, for one named `draft`, "
        "and counted the lines of `/minutes.txt`. {seen}",
        "A name can be changed in any state, and the files stay. `docker --help` lists the commands.",
        "`docker rename draft minutes`",
    ),
)
def the_draft_is_the_minutes(system: System) -> str:
    """The container `draft` is named `minutes`, and has its three lines of `/minutes.txt`."""
    system.container("minutes")
    if any("/draft" in row["Names"] for row in system.docker.api.containers(all=True)):
        raise Unmet("There is still a container named draft.", "`docker ps --all`")
    lines = system.run_in("minutes", ["cat", "/minutes.txt"]).output.splitlines()
    if len(lines) != ENTRIES:
        raise Unmet(
            f"/minutes.txt in minutes has {len(lines)} lines, not {ENTRIES}.",
            "`docker exec minutes cat /minutes.txt` reads it. A new container begins anew.",
        )
    return "minutes has its three lines, and the name draft is free."


@check(
    points=2,
    hints=(
        "I compared the file `codes.txt` with the exit codes of the four containers. {seen}",
        "`docker inspect` knows the exit code of a container, also of one that never came to run: "
        "`.State.ExitCode`.",
        "`docker inspect --format '{{.Name}} {{.State.ExitCode}}' "
        "baker driver printer watchman | tr -d / > codes.txt`",
    ),
)
def the_codes_are_noted(system: System) -> str:
    """`codes.txt` has a line for each of the four that failed: its name, a space, its exit code."""
    codes = {name: str(system.container(name)["State"]["ExitCode"]) for name in FAILED}
    rows = [line.split() for line in system.file("codes.txt").splitlines() if line.strip()]
    if odd := [" ".join(row) for row in rows if len(row) != 2 or row[0] not in codes]:
        raise Unmet(f"I can't read the line {odd[0]!r} of codes.txt.", "A name, a space, a number.")
    noted = {row[0]: row[1] for row in rows}
    wrong = [name for name in FAILED if noted.get(name) != codes[name]]
    if wrong:
        raise Unmet(
            f"codes.txt is missing the exit code of {', '.join(wrong)}, or has another one.",
            "`docker ps --all` shows some of them in brackets; `docker inspect` knows all.",
        )
    return "codes.txt has the four exit codes."


@check(
    points=2,
    hints=(
        "I looked at the restart policy of `sender`, and waited for its tries to end. {seen}",
        "`docker inspect --format '{{json .HostConfig.RestartPolicy}}' sender` shows the policy. "
        "`docker update` changes it, and `docker start` begins the tries.",
        "`docker update --restart on-failure:4 sender`, then `docker start sender`",
    ),
)
def the_sender_tries_four_times_more(system: System) -> str:
    """`sender` was started again four times after it failed, by its restart policy, and then no more."""
    policy = system.container("sender")["HostConfig"]["RestartPolicy"]
    if (policy["Name"], policy["MaximumRetryCount"]) != ("on-failure", TRIES):
        most = f":{policy['MaximumRetryCount']}" if policy["MaximumRetryCount"] else ""
        raise Unmet(
            f"The restart policy of sender is {policy['Name'] or 'no'}{most}.",
            "`docker run --help` names the policies. Which one stops after so many failures?",
        )
    for _ in attempts(SETTLED_SECONDS):
        found = system.container("sender")
        if (found["RestartCount"], found["State"]["Status"]) == (TRIES, "exited"):
            return "sender was started again four times, and rests."
    raise Unmet(
        f"sender was started again {found['RestartCount']} times, and is {found['State']['Status']}.",
        "A new policy counts from the next start.",
    )


@check(
    points=2,
    hints=(
        "I looked how `scribe` ended, and for its last words in its log. {seen}",
        "Which process is PID 1 in it, and which signal does the scribe listen to? "
        "`docker top scribe` and `archive/scribe.sh` tell. `docker run --help` has an option for the signal.",
        "`docker rm --force scribe`, then `docker run --detach --name scribe --stop-signal SIGINT "
        '--volume "$PWD/archive:/archive:ro" busybox:1.37 sh /archive/scribe.sh`, '
        "and when it has begun `docker stop scribe`",
    ),
)
def the_scribe_closed_the_book(system: System) -> str:
    """`scribe` was stopped by `docker stop`'s own signal, closed its book, and ended with 0."""
    found = system.container("scribe")
    state = found["State"]
    if state["Status"] != "exited":
        raise Unmet(
            f"scribe is {state['Status']}, and not stopped.", "`docker ps --all --filter name=scribe`"
        )
    signal = (found["Config"].get("StopSignal") or "SIGTERM").upper().removeprefix("SIG")
    if signal not in ("INT", "2"):
        raise Unmet(
            f"`docker stop` sends SIG{signal} to scribe, and the scribe listens to another signal.",
            "`cat archive/scribe.sh`",
        )
    if state["ExitCode"] != 0:
        raise Unmet(
            f"scribe ended with exit code {state['ExitCode']}: it was killed before it could close the book.",
            "A signal goes to PID 1. Which program is that?",
        )
    system.logs("scribe", containing="the book is closed")
    return "scribe heard the signal, closed the book and ended with 0."


@check(
    points=1,
    hints=(
        "I looked for containers with the label `shift=night`, and for those that must stay. {seen}",
        "`docker ps --all --filter label=shift=night` lists them. With `--quiet` the list is one "
        "that another command can take.",
        "`docker rm --force $(docker ps --all --quiet --filter label=shift=night)`",
    ),
)
def the_night_shift_is_gone(system: System) -> str:
    """No container with the label `shift=night` is left, and every other one is."""
    listed = system.docker.api.containers(all=True, filters={"label": "shift=night"})
    left = sorted(name.removeprefix("/") for row in listed for name in row["Names"])
    if left:
        raise Unmet(
            f"Still there with the label: {', '.join(left)}.",
            "`docker ps --all` shows more than `docker ps`.",
        )
    for name in ("porch", "night-owl", *FAILED):
        system.container(name)
    return "The night shift's containers are gone, and all others are here."
