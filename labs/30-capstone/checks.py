"""Whether the post office is live, closed and back at its first version; how it came about doesn't matter."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import http.client
import io
import json
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from course.checks import Again, System, Unmet, again, check
from course.checks.aws import Account

HERE, REGISTRY, DOOR = "127.0.0.1", 9750, 9751
SHELF = "post/parcels"
NAME = f"localhost:{REGISTRY}/{SHELF}"
FIRST, SECOND = "1.0.0", "2.0.0"
BASE, PROJECT, LABEL = "python:3.13-slim", "post", "com.docker.compose"
VERSION_LABEL = "org.opencontainers.image.version"
PACKED = ("src/__main__.py", "src/receipt.py", "VERSION")
KEY, WORD, FILE, CARRIER = "work/key.txt", "work/desk_word.txt", "work/compose.yaml", "carrier.sh"
POST = Account("sorting-office", REGISTRY)
MANIFESTS = ", ".join(
    f"application/vnd.{kind}"
    for kind in (
        "docker.distribution.manifest.v2+json",
        "docker.distribution.manifest.list.v2+json",
        "oci.image.manifest.v1+json",
        "oci.image.index.v1+json",
    )
)
MB = 1_000_000
MOST_ADDED, MOST_READ = 2 * MB, 200 * MB
BUILD_SECONDS, ANSWER_SECONDS, STOP_SECONDS = 40.0, 15.0, 3
KILLED = 137
PUT_THE_WORD = (
    'file=${DESK_WORD_FILE:-/run/secrets/desk_word}; mkdir -p "$(dirname "$file")" && echo word > "$file"'
)
PIECE = 1 << 20


@check(
    points=4,
    hints=(
        "I put one more scan into a copy of `work`, and built it with a Dockerfile of my own, "
        "which copies all that a build is sent. {seen}",
        "A build is sent the whole folder, whatever the Dockerfile copies. One file names what stays behind.",
        "`.dockerignore` with the line `*`, and below it `!VERSION`, `!pack.py` and `!src`",
    ),
)
def the_context_is_clean(system: System) -> str:
    """A build in `work` is sent neither the key nor the word of the desk nor the scans."""
    sent = tried(system).sent
    if isinstance(sent, Unmet):
        raise sent
    if sent:
        raise Unmet(f"A build is sent: {', '.join(sent)}.", "Who reads `.dockerignore`, and when?")
    return "A build is sent neither a secret nor the scans."


@check(
    points=7,
    hints=(
        "I gave a copy of `work` another version, built it from nothing with the secret `key` alone, "
        "and asked it at /about. {seen}",
        "Where `pack.py` runs decides what is in the image. "
        "A build may borrow a file for one line, without getting it in its context.",
        "`RUN --mount=type=secret,id=key python pack.py /run/secrets/key`",
    ),
)
def the_dockerfile_is_enough(system: System) -> str:
    """The Dockerfile packs and seals whatever source lies in `work`, given nothing but the secret `key`."""
    trial = tried(system)
    if trial.failure:
        raise trial.failure
    if trial.about != trial.expected:
        version, sealed = trial.about
        told = "its seal is another one" if version == trial.expected[0] else f"it says {version[:40]!r}"
        raise Unmet(f"It runs, but not from that source: {told}.", "What did `pack.py` read, and when?")
    return "A copy with another version was packed and sealed in its build."


@check(
    points=5,
    needs=("the_dockerfile_is_enough",),
    hints=(
        "I asked a container of the rebuilt image to stop. {seen}",
        "Only process 1 gets the signal, and a shell doesn't pass it on. "
        "Which program is process 1 of your container?",
        '`CMD ["python", "parcels.pyz"]`',
    ),
)
def it_ends_when_it_is_asked(system: System) -> str:
    """A container of the image that is stopped ends by itself, with exit code 0."""
    code = tried(system).exit_code
    if code == KILLED:
        raise Unmet(f"It was killed after {STOP_SECONDS} s.", "`docker top` shows what runs in a container.")
    if code:
        raise Unmet(f"It ended with exit code {code}.", "Which program's exit code is that?")
    return "It ended by itself, with exit code 0."


@check(
    points=6,
    needs=("the_dockerfile_is_enough",),
    hints=(
        "I ran the health check of the rebuilt image where no counter runs, in a counter without "
        "the word of the desk, and again when it had the word. {seen}",
        "A health check is a command, and its exit code is what counts. A door that is open says little: "
        "the counter itself knows whether it is well, and tells whoever asks.",
        '`HEALTHCHECK --interval=1s CMD ["python", "-c", "from urllib.request import urlopen; '
        "urlopen('http://127.0.0.1:8000/health')\"]`: `urlopen` raises at 503",
    ),
)
def its_health_is_true(system: System) -> str:
    """The image has a health check, which fails while something is missing and passes when all is there."""
    health = tried(system).image_health
    if health is None:
        raise Unmet("The image has no health check.", "`docker image inspect` shows `.Config.Healthcheck`.")
    if health.dead == 0:
        raise Unmet("It calls a container well in which no counter runs.", "Whom does your check ask?")
    if health.unwell == 0:
        raise Unmet("It calls a counter well whose /health answers 503.", "What does your check ask?")
    if health.well != 0:
        raise Unmet(
            f"With the word there, it still fails, with exit code {health.well}.",
            "What does /health say, and may the counter's user write to `/data`?",
        )
    return "It fails while the word is missing, and passes when it is there."


@check(
    points=4,
    hints=(
        "I asked the registry on port 9750 for its repositories. {seen}",
        "`aws ecr describe-repositories` shows each one with its `imageTagMutability`.",
        "`aws ecr create-repository --repository-name post/parcels --image-tag-mutability IMMUTABLE`; "
        "`put-image-tag-mutability` changes one that is there.",
    ),
)
def the_tags_stay(system: System) -> str:
    """There is a repository `post/parcels`, and its tags can't move."""
    return POST.tags_stay(system, SHELF)


@check(
    points=8,
    hints=(
        "I looked in the registry for both numbers, and read what is in the image under each. {seen}",
        "`aws ecr list-images` shows what arrived. An image is what its source was when it was built, "
        "whatever number it got; and a label is written by whoever builds.",
        "`docker build --secret id=key,src=work/key.txt --build-arg VERSION=2.0.0 "
        "--tag localhost:9750/post/parcels:2.0.0 work`, where the Dockerfile has `ARG VERSION` and "
        "`LABEL org.opencontainers.image.version=$VERSION`; then `docker push` of that name",
    ),
)
def both_versions_are_in_the_registry(system: System) -> str:
    """Under 1.0.0 and 2.0.0 the registry has an image of just that source, and its label says so."""
    there = POST.tags(system, SHELF)
    for version in (FIRST, SECOND):
        if version not in there:
            raise Unmet(f"{SHELF} has no tag {version}.", f"`aws ecr list-images --repository-name {SHELF}`")
        image = Image(system, there[version])
        if not any(holds(layer, seal(system, version)) for layer in image.own_layers()):
            raise Unmet(
                f"What {SHELF} has under {version} was not packed from the source of {version}.",
                "What lay in `work` when it was built?",
            )
        label = (image.config["config"].get("Labels") or {}).get(VERSION_LABEL)
        if label != version:
            said = f"says {label[:40]!r}" if label else "is missing"
            raise Unmet(f"The label {VERSION_LABEL} of {version} {said}.", "`docker image inspect`")
    return "Both versions are there, and each says its number."


@check(
    points=4,
    hints=(
        f"I added up what each image in the registry holds beyond {BASE}. {{seen}}",
        "`docker history` tells the size of each line. Which files does the counter need when it runs?",
        "A second stage: `COPY --from=pack /build/parcels.pyz .`",
    ),
)
def the_image_is_small(system: System) -> str:
    """Each image in the registry stands on `python:3.13-slim`, and adds less than 2 MB to it."""
    for version, image in images(system):
        added = sum(size(layer) for layer in image.own_layers())
        if added >= MOST_ADDED:
            raise Unmet(
                f"{version} adds {added / MB:.1f} MB to {BASE}.",
                "`docker history` of your image shows where.",
            )
    return f"Each adds less than {MOST_ADDED // MB} MB to {BASE}."


@check(
    points=8,
    hints=(
        "I looked for the key and the word of the desk in the registry's images, under whatever tag: "
        "in history, settings and every layer. {seen}",
        "What was once in a layer stays in it. What a build is given as an argument stands in its history. "
        "There is a third way to lend a build a file.",
        "`RUN --mount=type=secret,id=key python pack.py /run/secrets/key`, "
        "and `docker build --secret id=key,src=work/key.txt`",
    ),
)
def the_image_keeps_no_secret(system: System) -> str:
    """Neither history nor settings nor any layer of the registry's images holds the key or the word."""
    secrets = {"key": system.file(KEY).strip(), "word of the desk": system.file(WORD).strip()}
    images(system)
    for version, digest in sorted(POST.tags(system, SHELF).items()):
        image = Image(system, digest)
        for name, secret in secrets.items():
            if secret in json.dumps(image.config):
                raise Unmet(
                    f"History or settings of {version} hold the {name}.", "`docker history --no-trunc`"
                )
            if any(holds(layer, secret) for layer in image.new_layers()):
                raise Unmet(f"A layer of {version} holds the {name}.", "`docker save`, and look into each.")
    return "No secret is in them."


@check(
    points=5,
    hints=(
        "I asked the registry for the user `carrier`, its policies and its keys, "
        "and asked for a login with the key in `carrier.sh`. {seen}",
        "`aws iam list-attached-user-policies --user-name carrier`, and `list-access-keys` of the same. "
        "Chapter 12 has a table of three policies.",
        "`aws iam attach-user-policy --user-name carrier "
        "--policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly`; "
        "`detach-user-policy` takes another one away.",
    ),
)
def the_carrier_may_only_pull(system: System) -> str:
    """The user `carrier` has one access key, which `carrier.sh` keeps, and may pull, and nothing else."""
    told = POST.may_only_pull(system, "carrier")
    kept = dict(re.findall(r"(AWS_\w+)=[\"']?([^\s\"';]+)", system.file(CARRIER)))
    key, secret = kept.get("AWS_ACCESS_KEY_ID", "none"), kept.get("AWS_SECRET_ACCESS_KEY", "")
    if [key] != POST.iam(system, "ListAccessKeys", "AccessKeyId", UserName="carrier"):
        raise Unmet(f"The key in {CARRIER} isn't the carrier's.", f"`cat {CARRIER}`")
    try:
        answer = replace(POST, key=key, secret=secret).ecr(system, "GetAuthorizationToken")
    except Unmet:
        answer = {}
    if "authorizationData" not in answer:
        raise Unmet(f"The registry doesn't take the key in {CARRIER}.", f"`cat {CARRIER}`")
    return told


@check(
    points=5,
    hints=(
        "I looked for the door of the project `post`, and asked through it for /about. {seen}",
        "`docker ps` shows what runs and which ports are published. "
        "Who may come through a port without an address in front of it?",
        'Under `door:` write `ports:` and below it `- "127.0.0.1:9751:8080"`, '
        "then `docker compose up --detach --wait`.",
    ),
)
def the_door_answers(system: System) -> str:
    """The door of the project `post` leads to the counter, on port 9751 of `127.0.0.1` and on no other."""
    door = member(system, "door")
    told = doors(system.running(door))
    if told != {(HERE, DOOR)}:
        said = ", ".join(f"{host}:{port}" for host, port in sorted(told)) or "none"
        raise Unmet(f"The door's published ports are: {said}.", "`docker compose ps`")
    reply = asked(system, f"/about?{system.nonce}")
    if reply.status != 200:
        raise Unmet(f"It answers with status {reply.status}.", "`docker compose logs door`")
    for service in ("door", "counter"):
        system.logs(member(system, service), containing=system.nonce)
    return f"{HERE}:{DOOR} leads to the counter."


@check(
    points=5,
    hints=(
        "I looked where the counter is connected, "
        "and at the published ports of the project and of all that is connected there. {seen}",
        "A container reaches the internet, and is reached from the host, through any network that isn't "
        "closed. `docker network inspect` says of each whether it is `Internal`.",
        "A network with `internal: true` for both services, and a second one for the door alone",
    ),
)
def nobody_gets_past_the_door(system: System) -> str:
    """Nothing but the door is published, and the counter is on internal networks alone."""
    networks, near = networks_of(system, member(system, "counter")), set(members(system))
    for name in networks:
        about = system.network(name)
        if not about["Internal"]:
            raise Unmet(f"The counter's network {name} leads out.", f"`docker network inspect {name}`")
        near |= {each["Name"] for each in about["Containers"].values()}
    for name in sorted(near - {member(system, "door")}):
        if doors(system.container(name)):
            raise Unmet(f"{name} has a published port as well.", "`docker ps`")
    return "The counter is reached through the door alone."


@check(
    points=7,
    hints=(
        "I asked the kernel about process 1 of the counter and of the door. {seen}",
        "Three walls: who the process is, which capabilities it could ever get, "
        "and whether a setuid program could still raise it. `docker exec … cat /proc/1/status` shows them.",
        'In the Dockerfile `USER 10001`, at the door `user: "101:101"`; in both services '
        '`cap_drop: [ALL]` and `security_opt: ["no-new-privileges:true"]`',
    ),
)
def nobody_can_become_root(system: System) -> str:
    """Counter and door are no root, have and can get no capability, and can get no new privileges."""
    for service in ("counter", "door"):
        process = process_one(system, member(system, service))
        if process["Uid"].split()[0] == "0":
            raise Unmet(f"Process 1 of the {service} is root.", f"`docker compose exec {service} id`")
        if int(process["CapBnd"], 16):
            raise Unmet(f"A process of the {service} can still get capabilities.", "`CapBnd` in its status")
        if process["NoNewPrivs"] != "1":
            raise Unmet(f"The {service} can still get new privileges.", "`NoNewPrivs` in its status")
    return "Both are ordinary users, and stay so."


@check(
    points=5,
    hints=(
        "I looked which places in counter and door can be written. {seen}",
        "One key closes a whole file system, and each mount says for itself whether it can be written.",
        "In both services `read_only: true` and `tmpfs: /tmp`; `door.conf` is mounted with `:ro`.",
    ),
)
def nothing_can_be_rewritten(system: System) -> str:
    """The file systems of counter and door are read-only; their mounts too, but `/tmp` and `/data`."""
    for service, free in (("counter", {"/data", "/tmp"}), ("door", {"/tmp"})):
        about = system.running(member(system, service))
        if not about["HostConfig"]["ReadonlyRootfs"]:
            raise Unmet(f"The file system of the {service} can be written.", "`docker diff` shows what was.")
        open_places = {str(each["Destination"]) for each in about["Mounts"] if each["RW"]}
        open_places |= set(about["HostConfig"].get("Tmpfs") or {})
        if more := sorted(open_places - free):
            raise Unmet(f"In the {service} {more[0]} can be written.", "Does the program write there?")
    return "Only /tmp and the counter's /data can be written."


@check(
    points=6,
    hints=(
        "I looked for the word of the desk in the settings of all containers, "
        "and below /run/secrets of the counter. {seen}",
        "`docker inspect` shows every variable to whoever may ask the engine. "
        "The counter needs a file, and Compose has a place for such files.",
        "`secrets: [desk_word]` in the service, and `secrets:` with `desk_word:` and "
        "`file: desk_word.txt` at the end of the file",
    ),
)
def the_word_is_a_secret(system: System) -> str:
    """The counter has the word of the desk below `/run/secrets`, and no settings of a container show it."""
    word, counter = system.file(WORD).strip(), member(system, "counter")
    for name in members(system):
        if word in json.dumps(system.container(name)["Config"]):
            raise Unmet(f"The settings of {name} hold the word.", "`docker inspect`, at `.Config.Env`")
    # Whether each file is mounted, or the folder with all of them, is the learner's choice.
    held = system.run_in(counter, ["find", "/run/secrets", "-type", "f", "-exec", "cat", "{}", ";"])
    if word not in held.output.split():
        raise Unmet("No file below /run/secrets of the counter is the word.", "`docker compose config`")
    return "Only a file below /run/secrets holds it."


@check(
    points=5,
    hints=(
        "I looked what is mounted at /data of the counter. {seen}",
        "`docker volume ls` shows what each is called. Which of them would the next counter find again?",
        'Under `counter:` write `volumes: ["ledger:/data"]`, and at the end `volumes:` with `ledger:`.',
    ),
)
def the_ledger_lies_in_a_volume(system: System) -> str:
    """The counter's `/data` is a volume with a name of its own."""
    mounts = system.running(member(system, "counter"))["Mounts"]
    mount = next((each for each in mounts if each["Destination"] == "/data"), None)
    if mount is None:
        raise Unmet("Nothing is mounted at /data of the counter.", "`docker inspect`, at `.Mounts`")
    if mount["Type"] != "volume":
        raise Unmet(f"At /data there is a {mount['Type']} mount.", "`docker inspect`, at `.Mounts`")
    if re.fullmatch("[0-9a-f]{64}", mount["Name"]):
        raise Unmet("The volume at /data has no name of its own.", "`docker volume ls`")
    return "The ledger lies in a named volume."


@check(
    points=5,
    hints=(
        "I looked what the door waits for, whether the health check of the counter in the stack can fail, "
        "and what happens to both when the engine starts again. {seen}",
        "That a container runs says nothing of its health, and Compose can wait for either. "
        "`docker inspect` shows `.HostConfig.RestartPolicy`.",
        "At the door `depends_on:` with `counter:` and `condition: service_healthy`; "
        "in both `restart: unless-stopped`",
    ),
)
def it_starts_in_order_and_again(system: System) -> str:
    """The door waits until the counter is truly healthy, and both start again with the engine."""
    waits = system.running(member(system, "door"))["Config"]["Labels"].get(f"{LABEL}.depends_on", "")
    conditions = dict(each.split(":")[:2] for each in waits.split(",") if ":" in each)
    if conditions.get("counter") != "service_healthy":
        said = conditions.get("counter", "nothing of the counter")
        raise Unmet(f"The door waits for: {said}.", "`docker compose config` shows its `depends_on`.")
    health, failure = tried(system).stack_health, tried(system).failure
    if health and not failure and not (health.dead and health.unwell):
        raise Unmet(
            "The health check that the stack gives the counter passes also where the counter isn't well.",
            "`docker inspect` of the counter shows `.Config.Healthcheck`.",
        )
    for service in ("counter", "door"):
        policy = system.running(member(system, service))["HostConfig"]["RestartPolicy"]["Name"] or "no"
        if policy not in ("always", "unless-stopped"):
            raise Unmet(f"The restart policy of the {service} is: {policy}.", "Chapter 05 has a table.")
    return "The door waits for a healthy counter, and both start again."


@check(
    points=6,
    hints=(
        "I compared what runs with 1.0.0 in the registry and with your file, "
        "asked it at /about, and handed in a parcel for its receipt. {seen}",
        "`docker inspect --format '{{.Config.Image}}'` shows what a container was made from. "
        "A container keeps its image until it is made anew.",
        "`PARCELS=localhost:9750/post/parcels@sha256:…` in `work/.env`, with the digest that "
        "`aws ecr describe-images` gives for 1.0.0, then `docker compose up --detach --wait`",
    ),
)
def the_first_version_is_back(system: System) -> str:
    """The counter runs 1.0.0 by its digest in the registry, the file says the same, and receipts are true."""
    name = str(system.running(member(system, "counter"))["Config"]["Image"])
    digest = POST.tags(system, SHELF).get(FIRST, "none")
    if not (name.startswith((f"{NAME}@", f"{NAME}:")) and name.endswith(f"@{digest}")):
        told = re.sub(r"[0-9a-f]{64}", "…", name)
        raise Unmet(f"The counter was made from {told}, which isn't the digest of {FIRST}.", "`docker ps`")
    named = tried(system).named
    if isinstance(named, Unmet):
        raise named
    if named != name:
        raise Unmet(
            f"Read anew, your file names another image: {re.sub(r'[0-9a-f]{64}', '…', named) or 'none'}.",
            "`docker compose config`, in a new terminal",
        )
    if version_and_seal(asked(system, "/about").body) != (FIRST, seal(system, FIRST)):
        raise Unmet("What answers isn't what that image was made of.", "`docker inspect`, at `.Mounts`")
    receipt = asked(system, "/", system.nonce.encode()).body.strip()
    if not hmac.compare_digest(receipt, hmac_of(system.file(WORD), system.nonce.encode())):
        raise Unmet("A receipt isn't made with the word of the desk.", "`docker compose logs counter`")
    return f"The counter runs {FIRST} by digest, and its receipts are true."


@check(
    points=5,
    needs=("the_door_answers",),
    hints=(
        "I handed in a parcel, and read the ledger through the door. {seen}",
        "Each line begins with the version that took the parcel in. "
        "What did you do to the stack between the two versions?",
        "`curl --data 'a parcel' http://localhost:9751/` with each version; between them "
        "`docker compose up`, and no `down --volumes`",
    ),
)
def no_parcel_is_lost(system: System) -> str:
    """The ledger has a parcel that 1.0.0 took in, a later one of 2.0.0, and takes one more."""
    asked(system, "/", system.nonce.encode())
    lines = asked(system, "/ledger").body.splitlines()
    places = {
        version: [
            n for n, line in enumerate(lines) if line.startswith(f"{version} {seal(system, version)[:12]} ")
        ]
        for version in (FIRST, SECOND)
    }
    if not places[SECOND]:
        raise Unmet(f"No parcel of {SECOND} is in the ledger.", "`curl http://localhost:9751/ledger`")
    if not places[FIRST] or places[FIRST][0] > places[SECOND][0]:
        raise Unmet(
            f"No parcel of {FIRST} stands before those of {SECOND}.", "`curl http://localhost:9751/ledger`"
        )
    if not any(system.nonce in line for line in lines):
        raise Unmet("The parcel that I handed in isn't there.", "`docker compose logs counter`")
    return "Parcels of both versions are there, and one more was taken in."


@dataclass
class Health:
    """The exit codes of a health check: where no counter runs, in one without the word, in one with it."""

    dead: int = 0
    unwell: int = 0
    well: int = 0


@dataclass
class Trial:
    """What a copy of the folder gave, from nothing; where a step failed, the words why.

    *stack_health* is of the health check that the running counter has in place of the image's, if any.
    """

    sent: list[str] | Unmet = field(default_factory=list)
    named: str | Unmet = ""
    failure: Unmet | None = None
    expected: tuple[str, str] = ("", "")
    about: tuple[str, str] = ("", "")
    image_health: Health | None = None
    stack_health: Health | None = None
    exit_code: int = 0


@lru_cache(maxsize=1)
def tried(system: System) -> Trial:
    """One build of a copy for all checks of one judgement: it takes seconds."""
    trial = Trial()
    with again(system) as anew:
        trial.named = _or_unmet(lambda: _named(anew))
        failure = _or_unmet(lambda: _built_and_run(system, anew, trial))
        trial.failure = failure if isinstance(failure, Unmet) else None
        trial.sent = _or_unmet(lambda: _sent(anew))
    return trial


def _or_unmet(step: Any) -> Any:
    try:
        return step()
    except Unmet as unmet:
        return unmet


def _named(anew: Again) -> str:
    """The image that the copy's Compose file gives to the counter."""
    anew.system.file(FILE)
    told = anew.must(f"docker compose --file {FILE} config --format json 2> /dev/null", FILE, ANSWER_SECONDS)
    return str(json.loads(told)["services"].get("counter", {}).get("image", ""))


def _built_and_run(system: System, anew: Again, trial: Trial) -> None:
    """Build the copy with a version that nobody knew, run it, and fill *trial* with what it shows."""
    anew.system.file("work/Dockerfile")
    version = f"9.{anew.system.nonce}"
    anew.must(f"printf %s {version} > work/VERSION", "VERSION", ANSWER_SECONDS)
    line = f"docker build --no-cache --quiet --secret id=key,src={KEY} --tag {anew.name} work"
    anew.must(line, "work/Dockerfile", BUILD_SECONDS)
    content = b"".join(anew.system.file(f"work/{name}").encode() for name in PACKED)
    trial.expected = (version, hmac_of(anew.system.file(KEY), content))
    stack = _settings_of_counter(system)
    asked_for = _health_checks(anew.system.image(anew.name)["Config"], stack, trial)
    for command, health in asked_for:
        health.dead = _without_counter(anew, command)
    place = [each for each in stack.get("Env") or () if each.startswith("DESK_WORD_FILE=")]
    options = ["--publish 127.0.0.1::8000", *(f"--env {shlex.quote(each)}" for each in place)]
    name = anew.run(" ".join(options))
    trial.about = _about(anew, name)
    for command, health in asked_for:
        health.unwell = anew.system.run_in(name, command).exit_code
    # By root, for the folder is none of the counter's; afterwards anybody may read the file.
    anew.system.run_in(name, ["sh", "-c", PUT_THE_WORD], user="0")
    for command, health in asked_for:
        health.well = anew.system.run_in(name, command).exit_code
    anew.must(f"docker stop --time {STOP_SECONDS} {name}", "the image", ANSWER_SECONDS)
    trial.exit_code = int(anew.system.container(name)["State"]["ExitCode"])


def _settings_of_counter(system: System) -> dict[str, Any]:
    """What Docker knows of the settings of the counter in the stack; empty where there is none."""
    return next((system.container(name)["Config"] for name in members(system, "counter")), {})


def _health_checks(
    image: dict[str, Any], stack: dict[str, Any], trial: Trial
) -> list[tuple[list[str], Health]]:
    """The commands of the image's health check and of the stack's own, each with its place in *trial*."""
    own, given = health_command(image), health_command(stack)
    trial.image_health = Health() if own else None
    trial.stack_health = Health() if given and given != own else None
    pairs = ((own, trial.image_health), (given, trial.stack_health))
    return [(command, health) for command, health in pairs if health]


def _without_counter(anew: Again, command: list[str]) -> int:
    """The exit code of a health check in a container with a word, which runs nothing but the check."""
    entry, *words = command
    line = (
        f"docker run --rm --name {anew.name} --env DESK_WORD_FILE=/etc/hostname "
        f"--entrypoint {shlex.quote(entry)} {anew.name} {shlex.join(words)} > /dev/null 2>&1; echo $?"
    )
    return int(anew.must(line, "the health check", ANSWER_SECONDS))


def _about(anew: Again, name: str) -> tuple[str, str]:
    """Version and seal, as the container *name* tells them."""
    doors = anew.system.published(name, "8000/tcp")
    if not doors:
        raise Unmet("The image's port 8000 can't be published.", "`docker port`")
    return version_and_seal(anew.system.http(doors[0][1], "/about", within=ANSWER_SECONDS).body)


def _sent(anew: Again) -> list[str]:
    """What a build in the copy is sent and should not be, told by a Dockerfile that copies all of it."""
    probe = shlex.quote("FROM scratch\nCOPY . /\n")
    # A scan of the check's own: they are to stay behind, whether or not one lies there at this moment.
    scan = "mkdir -p work/scans && touch work/scans/one-more.raw"
    anew.must(f"{scan} && printf %s {probe} > work/Dockerfile", "the context", ANSWER_SECONDS)
    anew.must("docker build --quiet --output sent work > /dev/null", "the context", BUILD_SECONDS)
    # By what they hold: a secret under another name is one as well.
    words = " ".join(f"-e {shlex.quote(anew.system.file(name).strip())}" for name in (KEY, WORD))
    line = f"cd sent && {{ grep -rlF {words} . ; find . -path '*scans/*' -type f; }} | sort -u"
    listed = anew.must(line, "the context", ANSWER_SECONDS)
    return [each.removeprefix("./") for each in listed.splitlines() if each]


@dataclass(frozen=True)
class Image:
    """An image of the registry, read from there by its digest."""

    system: System
    digest: str

    @property
    def manifest(self) -> dict[str, Any]:
        """Its manifest; of an index the first that is for a machine."""
        found = fetched(self.system, f"manifests/{self.digest}")
        if "manifests" not in found:
            return found
        rows = [row for row in found["manifests"] if row.get("platform", {}).get("os") != "unknown"]
        return fetched(self.system, f"manifests/{rows[0]['digest']}")

    @property
    def config(self) -> dict[str, Any]:
        """Settings, history and the names of its layers."""
        return fetched(self.system, f"blobs/{self.manifest['config']['digest']}")

    def own_layers(self) -> Iterator[io.BufferedIOBase]:
        """The content of each layer above the base's, as a tar; Unmet where it has another base."""
        base = self.system.image(BASE)["RootFS"]["Layers"]
        if self.config["rootfs"]["diff_ids"][: len(base)] != base:
            raise Unmet(f"The image doesn't stand on {BASE}.", "`docker history` shows the lines below.")
        return self.new_layers()

    def new_layers(self) -> Iterator[io.BufferedIOBase]:
        """The content of each layer that isn't the base's, as a tar, whatever the image stands on."""
        base = set(self.system.image(BASE)["RootFS"]["Layers"])
        for row, name in zip(self.manifest["layers"], self.config["rootfs"]["diff_ids"], strict=True):
            if name not in base:
                yield gzip.GzipFile(fileobj=io.BytesIO(blob(self.system, row["digest"])))


def images(system: System) -> list[tuple[str, Image]]:
    """Each of the two versions that the registry has; Unmet where it has none."""
    there = POST.tags(system, SHELF)
    found = [(version, Image(system, there[version])) for version in (FIRST, SECOND) if version in there]
    if not found:
        raise Unmet(f"{SHELF} has neither {FIRST} nor {SECOND}.", "`aws ecr list-images`")
    return found


def size(layer: io.BufferedIOBase) -> int:
    """How many bytes are in it, up to a limit."""
    count = 0
    while count < MOST_READ and (piece := layer.read(PIECE)):
        count += len(piece)
    return count


def holds(layer: io.BufferedIOBase, word: str) -> bool:
    """Whether *word* occurs in the layer, also across the border of two pieces."""
    rest, count, sought = b"", 0, word.encode()
    while count < MOST_READ and (piece := layer.read(PIECE)):
        if sought in rest + piece:
            return True
        rest, count = piece[-len(sought) :], count + len(piece)
    return False


def seal(system: System, version: str) -> str:
    """What `pack.py` makes of the source of *version*, as it was handed out, with the learner's key."""
    newer = {"src/receipt.py", "VERSION"} if version == SECOND else set()
    files = [f"parcels-2/{name}" if name in newer else f"parcels/{name}" for name in PACKED]
    return hmac_of(system.file(KEY), b"".join(system.file(file).encode() for file in files))


def hmac_of(key: str, content: bytes) -> str:
    """The mark that only the owner of *key* can make on *content*."""
    return hmac.new(key.strip().encode(), content, hashlib.sha256).hexdigest()


def members(system: System, service: str = "") -> list[str]:
    """The containers of the project, or of one of its services, whatever they are called."""
    labels = [f"{LABEL}.project={PROJECT}", f"{LABEL}.oneoff=False"]
    labels += [f"{LABEL}.service={service}"] if service else []
    rows = system.docker.api.containers(all=True, filters={"label": labels})
    return sorted(row["Names"][0].removeprefix("/") for row in rows)


def member(system: System, service: str) -> str:
    """The container of *service*; Unmet with what the project has instead."""
    found = members(system, service)
    if not found:
        there = ", ".join(members(system)) or "none at all"
        raise Unmet(
            f"The project {PROJECT} has no container of a service {service}; there are: {there}.",
            "`docker compose ps --all`, in the folder of the file",
        )
    return found[0]


def networks_of(system: System, name: str) -> list[str]:
    """The networks of a running container, or of the one whose network it shares."""
    about = system.running(name)
    kind, _, owner = str(about["HostConfig"]["NetworkMode"]).partition(":")
    if kind == "container":
        about = system.docker.api.inspect_container(owner)
    return sorted(about["NetworkSettings"]["Networks"])


def health_command(settings: dict[str, Any]) -> list[str]:
    """The command of a health check as the engine runs it; empty where there is none."""
    kind, *words = (settings.get("Healthcheck") or {}).get("Test") or ["NONE"]
    if kind == "CMD-SHELL":
        return [*(settings.get("Shell") or ["/bin/sh", "-c"]), *words]
    return words if kind == "CMD" else []


def doors(about: dict[str, Any]) -> set[tuple[str, int]]:
    """Host address and port of everything that a container publishes."""
    ports = (about["NetworkSettings"]["Ports"] or {}).values()
    return {(each["HostIp"], int(each["HostPort"])) for rows in ports for each in rows or ()}


def asked(system: System, path: str, parcel: bytes | None = None) -> Any:
    """What comes through the door."""
    return system.http(DOOR, path, method="POST" if parcel else "GET", body=parcel)


def version_and_seal(body: str) -> tuple[str, str]:
    """Both, as /about tells them; whatever else it says stands for a version."""
    try:
        about = json.loads(body)
        return str(about["version"]), str(about["seal"])
    except (ValueError, KeyError, TypeError):
        return body.strip(), ""


def process_one(system: System, name: str) -> dict[str, str]:
    """What the kernel says of process 1 of a container."""
    lines = system.run_in(name, ["cat", "/proc/1/status"]).output.splitlines()
    told = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    if not {"Uid", "CapBnd", "NoNewPrivs"} <= told.keys():
        raise Unmet(f"`cat /proc/1/status` in {name} says nothing of it.", "Which image is it made from?")
    return told


@lru_cache(maxsize=32)
def fetched(system: System, what: str) -> dict[str, Any]:
    """A manifest or a small blob of the repository."""
    headers = {"authorization": login(system), "accept": MANIFESTS}
    reply = system.http(REGISTRY, f"/v2/{SHELF}/{what}", headers=headers)
    if reply.status != 200:
        raise Unmet(f"The registry doesn't give {what.partition('/')[0]}: {reply.status}.", "`docker pull`")
    found: dict[str, Any] = json.loads(reply.body)
    return found


@lru_cache(maxsize=16)
def blob(system: System, digest: str) -> bytes:
    """A layer as the registry keeps it; Unmet where it is too big or too slow."""
    connection = http.client.HTTPConnection(HERE, REGISTRY)
    connection.sock = system.connect(HERE, REGISTRY, ANSWER_SECONDS)
    end, kept = time.monotonic() + ANSWER_SECONDS, bytearray()
    try:
        headers = {"authorization": login(system)}
        connection.request("GET", f"/v2/{SHELF}/blobs/{digest}", headers=headers)
        answer = connection.getresponse()
        while piece := answer.read1(PIECE):
            kept += piece
            if len(kept) > MOST_READ or time.monotonic() > end:
                raise Unmet("A layer is too big to be looked through.", "`docker history`")
    finally:
        connection.close()
    return bytes(kept)


@lru_cache(maxsize=1)
def login(system: System) -> str:
    """What a client says to the registry after `aws ecr get-login-password`."""
    token = POST.ecr(system, "GetAuthorizationToken")["authorizationData"][0]["authorizationToken"]
    return f"Basic {token}"
