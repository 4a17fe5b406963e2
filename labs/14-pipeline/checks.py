"""What registry, harbour, book and log must be like after four pushes; how they got there doesn't matter."""

from __future__ import annotations

import re

from course.checks import System, Unmet, check
from course.checks.aws import Account

HERE, HARBOUR = "127.0.0.1", 9451
REPOSITORY = "localhost:9450/harbour"
ACCOUNT = Account("harbour-registry", 9450)
# The four commits as commits.sh makes them, the same everywhere, in the order in which they are pushed.
COMMITS = {
    "one": "1281d84bad1436a040a84b262e9c0549fa72b2f2",
    "wrong-order": "643494504c74bd1ff2e255b4cdf10855ca3df623",
    "two": "ff5eeffadc6a4ec1078c32b3fc2aea268de9aa14",
    "tidy": "36de24d951547a251a2bb0d5850299c0455fc714",
}
DELIVERED = {"one": True, "wrong-order": False, "two": True, "tidy": False}
NOTE = "Aurora+moors+at+3"
BOOK = ["opened by version one", NOTE, "opened by version two"]


@check(
    points=3,
    hints=(
        "I compared the tags in the registry with the commits. {seen}",
        "`aws ecr list-images --repository-name harbour` shows the tags, and "
        "`git -C work/harbour log --oneline --decorate` the commits. A test that comes after the push stops "
        "nothing, and neither does one whose exit code nobody reads.",
        'In `deliver.sh`: `set -euo pipefail`, then `docker build … --tag "localhost:9450/harbour:$1" .`, '
        'then `docker run --rm "localhost:9450/harbour:$1" check`, and only then login and push.',
    ),
)
def the_registry_has_what_passed_its_test(system: System) -> str:
    """The registry's tags are the commits that passed their test, and there is no other tag."""
    names = {commit: name for name, commit in COMMITS.items()}
    there = {names.get(tag, tag) for tag in ACCOUNT.tags(system, "harbour")}
    wanted = {"one", "two", "tidy"}
    if there != wanted:
        told = ", ".join(sorted(there)) or "none"
        raise Unmet(f"The tags are those of: {told}.", "`aws ecr list-images --repository-name harbour`")
    return "The tags are the commits one, tidy and two."


@check(
    points=3,
    hints=(
        "I looked at the container `harbour` and asked it for its version. {seen}",
        "`docker port harbour`, `curl http://localhost:9451/version`. The last push was a version whose book "
        "can't be read: something must notice, and start the one before it again.",
        "In `smoke.sh`: ask `http://localhost:9451/cgi-bin/book` with `curl --fail`; if it answers, write "
        '"$1" into a file `../good`; if not, `bash ../deploy.sh "$(cat ../good)"` and `exit 1`.',
    ),
)
def the_last_good_version_is_open(system: System) -> str:
    """Version two is open on port 9451 of `127.0.0.1`."""
    doors = system.published("harbour", "8080/tcp")
    if set(doors) != {(HERE, HARBOUR)}:
        told = ", ".join(f"{host}:{port}" for host, port in sorted(doors)) or "none"
        raise Unmet(f"The harbour has these doors: {told}.", "`docker port harbour`")
    version = system.http(HARBOUR, "/version").body.strip()
    if version != "two":
        raise Unmet(f"Version {version[:20]} is open.", "`curl http://localhost:9451/version`")
    return f"{HERE}:{HARBOUR} shows version two."


@check(
    points=2,
    needs=("the_registry_has_what_passed_its_test", "the_last_good_version_is_open"),
    hints=(
        "I looked by which name the container `harbour` was started. {seen}",
        "`docker inspect --format '{{.Config.Image}}' harbour` shows the name. After a push Docker knows the "
        "digest: `docker image inspect --format '{{.RepoDigests}}' …`",
        "In `deliver.sh`, after the push: `digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "
        '"localhost:9450/harbour:$1")`, and `bash ../deploy.sh "$digest"`.',
    ),
)
def the_version_is_named_by_its_digest(system: System) -> str:
    """The harbour was started by the digest that the registry has for version two."""
    name = system.running("harbour")["Config"]["Image"]
    if name != f"{REPOSITORY}@{ACCOUNT.tags(system, 'harbour')[COMMITS['two']]}":
        told = re.sub(r"[0-9a-f]{40,64}", "…", name)
        raise Unmet(
            f"The harbour was started as {told}.", "`docker inspect --format '{{.Config.Image}}' harbour`"
        )
    return "The harbour was started by the digest of version two."


@check(
    points=2,
    hints=(
        "I wrote a word into the book and read the whole book. {seen}",
        "`curl http://localhost:9451/cgi-bin/book`, and `docker inspect --format '{{.Mounts}}' harbour`. "
        "Each version is a new container; what must outlive it lies elsewhere (chapter 10).",
        'In `deploy.sh`: `docker run … --volume harbour-book:/data "$1"`, always with the same volume',
    ),
)
def the_book_is_still_there(system: System) -> str:
    """The book is in the volume `harbour-book`, has all its lines, and takes more."""
    mounts = {each["Destination"]: each for each in system.running("harbour")["Mounts"]}
    volume = mounts.get("/data", {}).get("Name")
    system.http(HARBOUR, f"/cgi-bin/note?{system.nonce}")
    lines = system.run_in("harbour", ["cat", "/data/book"]).output.splitlines()
    if system.nonce not in lines:
        raise Unmet("What I wrote is not in the book.", "`docker exec harbour cat /data/book`")
    missing = [line for line in BOOK if line not in lines]
    if missing:
        raise Unmet(f"The book lacks the line '{missing[0]}'.", "`curl http://localhost:9451/cgi-bin/book`")
    if volume != "harbour-book":
        raise Unmet(
            "The book is not in the volume harbour-book.", "`docker inspect --format '{{.Mounts}}' harbour`"
        )
    return "The book is in the volume harbour-book, has all its lines, and took one more."


@check(
    points=2,
    hints=(
        "I read `work/deliveries.log`. {seen}",
        "The hook writes 'ended with' and the exit code of `deliver.sh`. `set -x` shows each line with all "
        "that stands in it, in the log as well.",
        "No `set -x` where a key is read. And `deliver.sh` must end with another code than 0 where a stage "
        "fails: `set -e` does that, also for `bash ../smoke.sh` as its last line.",
    ),
)
def the_log_says_what_happened_and_no_secret(system: System) -> str:
    """The log has all four deliveries with their verdicts, and neither the key's secret nor a token."""
    log = system.file("work/deliveries.log")
    if ACCOUNT.secret in log:
        raise Unmet(
            "The registry's secret key is in the log.", "`grep --count courseLocal work/deliveries.log`"
        )
    if re.search(r"[A-Za-z0-9+/_=.-]{120,}", log):
        raise Unmet(
            "A token is in the log.", "`grep --extended-regexp '[A-Za-z0-9+/_=.-]{120}' work/deliveries.log`"
        )
    ends = re.findall(r"^── ([0-9a-f]{40})$|^ended with (\d+)$", log, re.MULTILINE)
    told = [
        (first[0], int(second[1]))
        for first, second in zip(ends, ends[1:], strict=False)
        if first[0] and second[1]
    ]
    for name, commit in COMMITS.items():
        codes = [code for known, code in told if known == commit]
        if not codes:
            raise Unmet(f"The log has no delivery of {name}.", "`cat work/deliveries.log`")
        if (codes[-1] == 0) != DELIVERED[name]:
            raise Unmet(f"The delivery of {name} ended with {codes[-1]}.", "`cat work/deliveries.log`")
    return "Four deliveries: one and two ended with 0, the others didn't; and there is no secret."
