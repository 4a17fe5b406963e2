"""What the learner's Dockerfile makes of the harbour: built anew, started, changed, stopped and searched."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from course.checks import Again, Ran, System, Unmet, again, check
from course.checks.reading import attempts

DOCKERFILE = "work/Dockerfile"
SECRET = "--secret id=licence,src=work/licence.txt"
ENDING = "all ships are moored"
BUILD_SECONDS = 50.0
START_SECONDS = 15.0
STOP_SECONDS = 3
RUN_BY_HAND = "Build it and run it in the foreground, without `--detach`: it says the same."
PORT = "3000/tcp"
# Asked inside, in the folder where the program runs: when npm installed, what, and as whom process 1 runs.
LOOK = (
    "stat --format 'installed %y' node_modules/.package-lock.json;"
    "ls node_modules | sed 's/^/package /'; awk '/^Uid:/ { print \"user \" $3 }' /proc/1/status;"
    "grep --recursive --files-with-matches LICENCE . | sed 's/^/holds /'"
)


@dataclass(frozen=True)
class Inside:
    """What one container of the learner's image says of itself."""

    installed: str
    packages: frozenset[str]
    user: str
    holds: tuple[str, ...]
    tide: str
    notice: str
    chart: dict[str, str]


@dataclass(frozen=True)
class Built:
    """All that an image built from nothing has shown."""

    first: Inside
    second: Inside | Unmet  # after a change of notice.txt
    exit_code: int
    last_words: str
    told: str  # history and settings of the image


@dataclass(frozen=True)
class Evidence:
    """What the build is given, and what came of it; Unmet where it got no further."""

    given: frozenset[str]
    built: Built | Unmet


@check(
    points=2,
    hints=(
        "I looked what a build of your folder is given. {seen}",
        "Everything in the folder goes to the build, unless a line of `.dockerignore` leaves it out. "
        "The names stand there as `ls work` shows them.",
        "Two lines in `work/.dockerignore`: `node_modules` and `licence.txt`",
    ),
)
def the_context_is_lean(system: System) -> str:
    """The build is given neither the laptop's `node_modules` nor `licence.txt`."""
    given = evidence(system).given
    if "server.js" not in given:
        raise Unmet("The build is given no server.js.", "A line of `.dockerignore` leaves out too much.")
    unwanted = sorted(given & {"node_modules", "licence.txt"})
    if unwanted:
        raise Unmet(f"The build is given {' and '.join(unwanted)}.", "What does `.dockerignore` name?")
    return "The build is given neither node_modules nor licence.txt."


@check(
    points=2,
    hints=(
        "I built your Dockerfile from nothing, started it, and asked for a tide. {seen}",
        "Which folder does the program start in, and which files must be there for `npm ci`, "
        "`node prepare.js` and `node server.js`?",
        "`WORKDIR /srv/harbour`; `COPY` of package.json, package-lock.json and vendor; "
        "`RUN npm ci --omit=dev`; prepare.js with its secret; server.js and notice.txt; `CMD`",
    ),
)
def the_harbour_answers(system: System) -> str:
    """An image built from nothing answers on its port 3000 for a ship."""
    if system.nonce not in seen(system).first.tide:
        raise Unmet("It answers, and not for the ship that I asked for.", "`docker logs` of its container.")
    return "Built from nothing, it answers on port 3000 for the ship that I asked for."


@check(
    points=1,
    needs=("the_harbour_answers",),
    hints=(
        "I looked into `node_modules` of the image. {seen}",
        "package.json tells packages that run from those that help to develop. "
        "npm installs both, unless told.",
        "`RUN npm ci --omit=dev`",
    ),
)
def only_what_runs_is_installed(system: System) -> str:
    """The image has the package `tides`, and not `spyglass`, which is for development."""
    packages = seen(system).first.packages
    if "spyglass" in packages:
        raise Unmet("The image has the package spyglass.", "Under which key does package.json name it?")
    return "The image has tides, and no package for development."


@check(
    points=2,
    needs=("the_harbour_answers",),
    hints=(
        "I changed `notice.txt`, built again, and compared. {seen}",
        "Every line below one whose files changed runs again. Which line of yours takes `notice.txt`, "
        "and which slow ones come after it?",
        "`COPY server.js notice.txt ./` after `npm ci` and after `node prepare.js`",
    ),
)
def a_new_notice_is_quick(system: System) -> str:
    """With a new notice, neither `npm ci` nor `prepare.js` runs again, and the new notice is shown."""
    first, second = seen(system).first, seen(system).second
    if isinstance(second, Unmet):
        raise second
    if system.nonce not in second.notice:
        raise Unmet("The new image shows the old notice.", "Where does the image's notice.txt come from?")
    again_ran = [
        name
        for name, changed in {
            "npm ci": first.installed != second.installed,
            "prepare.js": first.chart["number"] != second.chart["number"],
        }.items()
        if changed
    ]
    if again_ran:
        raise Unmet(
            f"For a new notice there ran again: {' and '.join(again_ran)}.",
            "`docker build` twice, with a change between: which steps are CACHED?",
        )
    return "A new notice is shown, and neither npm ci nor prepare.js ran again for it."


@check(
    points=1,
    needs=("the_harbour_answers",),
    hints=(
        "I asked process 1 of the container who it is. {seen}",
        "The base image brings a user of its own; the chapter's doorman was that one.",
        "`USER node`, after the lines that write files",
    ),
)
def the_server_is_not_root(system: System) -> str:
    """The server runs as an ordinary user."""
    if seen(system).first.user == "0":
        raise Unmet("Process 1 is root.", "Which instruction says as whom the program runs?")
    return "Process 1 is an ordinary user."


@check(
    points=2,
    needs=("the_harbour_answers",),
    hints=(
        "I stopped the container with `docker stop`. {seen}",
        "Two things decide: which signal is sent, and whether process 1 is the program or a shell. "
        "The last lines of `server.js` name the signal.",
        '`STOPSIGNAL SIGINT`, and `CMD ["node", "server.js"]` as a list',
    ),
)
def it_ends_in_good_order(system: System) -> str:
    """`docker stop` ends the server at once, with its own last words and exit code 0."""
    found = seen(system)
    if found.exit_code != 0 or ENDING not in found.last_words:
        raise Unmet(
            f"It ended with exit code {found.exit_code}, "
            + ("after its last words." if ENDING in found.last_words else "without its last words."),
            f"137 means SIGKILL: it had heard nothing for {STOP_SECONDS} s.",
        )
    return "It ended at once, with its last words and exit code 0."


@check(
    points=1,
    needs=("the_harbour_answers", "the_context_is_lean"),
    hints=(
        "I built with a licence of my own, and looked for it in the image. {seen}",
        "`docker history --no-trunc` and `docker image inspect` show what everybody can read. "
        "A secret mount lends a file to one `RUN`.",
        "`RUN --mount=type=secret,id=licence node prepare.js`",
    ),
)
def the_licence_is_not_kept(system: System) -> str:
    """The chart was made with the licence that the build was lent, and the image doesn't hold it."""
    found = seen(system)
    if found.first.chart["licence"] != hashlib.sha256(system.nonce.encode()).hexdigest():
        raise Unmet(
            "The chart was made with another licence than the one that I lent to the build.",
            "Is one written down in your Dockerfile?",
        )
    if system.nonce in found.told:
        raise Unmet("The licence stands in the image's history or settings.", "`docker history --no-trunc`")
    if found.first.holds:
        raise Unmet(f"The image holds the licence in {found.first.holds[0]}.", "Who wrote that file?")
    return "The chart was made with the licence that I lent, and the image doesn't hold it."


def seen(system: System) -> Built:
    """What the image has shown; Unmet when there is none."""
    built = evidence(system).built
    if isinstance(built, Unmet):
        raise built
    return built


@lru_cache(maxsize=1)  # of one judging: each has a System with a nonce of its own
def evidence(system: System) -> Evidence:
    """Take the learner's files once, and look at all that they make, with a licence that nobody knew."""
    with again(system) as anew:
        prepare(anew, system.nonce)
        given = context(anew)
        try:
            return Evidence(given, from_nothing(anew, system.nonce))
        except Unmet as unmet:
            return Evidence(given, unmet)


def context(anew: Again) -> frozenset[str]:
    """The names that lie in the build context, as a build sees it."""
    probe = 'printf \'FROM busybox:1.37\\nCOPY . /given\\nCMD ["ls", "-a", "/given"]\\n\''
    tag = f"{anew.name}-given"
    anew.must(f"{probe} | docker build --quiet --tag {tag} --file - work", "the folder", BUILD_SECONDS)
    return frozenset(anew.must(f"docker run --rm {tag}", "the folder", BUILD_SECONDS).split())


def from_nothing(anew: Again, licence: str) -> Built:
    """Build, look inside, stop; then once more with another notice."""
    build(anew, "--no-cache")
    first = inside(anew, licence)
    told = anew.must(
        f"docker history --no-trunc {anew.name}; docker image inspect {anew.name}", "the image", 20
    )
    told = told.replace(anew.name, "")  # the tag holds the same word
    exit_code, last_words = stop(anew)
    return Built(first, after_a_change(anew, licence), exit_code, last_words, told)


def prepare(anew: Again, licence: str) -> None:
    """In the copy of the learner's folder: another licence, and certainly packages of a laptop."""
    lines = f"mkdir -p work/node_modules && echo {licence} > work/licence.txt"
    anew.must(lines, "the folder", 10)


def build(anew: Again, options: str = "") -> None:
    """Build the folder's Dockerfile with the licence as a secret."""
    line = f"docker build {options} {SECRET} --tag {anew.name} --file {DOCKERFILE} work"
    anew.must(line, DOCKERFILE, BUILD_SECONDS)


def inside(anew: Again, licence: str) -> Inside:
    """Start the image, ask it through its door, and look around in it."""
    name = anew.run("--publish 127.0.0.1::3000")
    tide = ask(anew.system, name, f"/tide?ship={licence}")
    said: Ran = anew.system.run_in(name, ["sh", "-c", LOOK.replace("LICENCE", licence)])
    lines = [line.split(maxsplit=1) for line in said.output.splitlines() if " " in line]
    of = {kind: tuple(rest for word, rest in lines if word == kind) for kind, _ in lines}
    return Inside(
        installed="".join(of.get("installed", ())),
        packages=frozenset(of.get("package", ())),
        user="".join(of.get("user", ())),
        holds=of.get("holds", ()),
        tide=tide,
        notice=ask(anew.system, name, "/notice"),
        chart=json.loads(ask(anew.system, name, "/chart")),
    )


def ask(system: System, name: str, path: str) -> str:
    """What the container answers, which may be starting; Unmet with its own words where it has ended."""
    problem = Unmet("It gives no answer on its port 3000.", "On which port does server.js listen?")
    for _ in attempts(START_SECONDS):
        state = system.container(name)["State"]
        if state["Status"] != "running":
            raise Unmet(f"It ended with exit code {state['ExitCode']}: {why(system, name)}", RUN_BY_HAND)
        try:
            ((_, port),) = system.published(name, PORT)
            reply = system.http(port, path, within=1)
        except Unmet as unmet:
            problem = unmet
            continue
        if reply.status != 200:
            raise Unmet(f"It answers {path} with status {reply.status}.", "Which files does it run from?")
        return reply.body
    raise problem


def why(system: System, name: str) -> str:
    """The line of a container's log that tells of an error, else its last one."""
    lines = [line.strip() for line in system.logs(name).splitlines() if line.strip()] or ["no word"]
    return next((line for line in lines if "Error" in line), lines[-1])


def stop(anew: Again) -> tuple[int, str]:
    """Stop the container, and give its exit code and last words; it is gone afterwards."""
    anew.must(f"docker stop --time {STOP_SECONDS} {anew.name}", "the container", 20)
    exit_code = int(anew.system.container(anew.name)["State"]["ExitCode"])
    last_words = anew.system.logs(anew.name)
    anew.must(f"docker rm --volumes {anew.name}", "the container", 10)
    return exit_code, last_words


def after_a_change(anew: Again, word: str) -> Inside | Unmet:
    """The same container once more after *word* came into the notice; Unmet where it doesn't get that far."""
    try:
        # The first image keeps a name, or nobody would remove it.
        anew.must(f"docker tag {anew.name} {anew.name}-first", "the image", 10)
        anew.must(f"echo {word} >> work/notice.txt", "the folder", 10)
        build(anew)
        return inside(anew, word)
    except Unmet as unmet:
        return unmet
