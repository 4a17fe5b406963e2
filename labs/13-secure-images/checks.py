"""Whether the till's image and container give nothing away; how they came about doesn't matter."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import tarfile
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from course.checks import System, Unmet, check

HERE, DOOR, INSIDE = "127.0.0.1", 9350, "8000/tcp"
TILL, BASE = "till", "python:3.13-slim"
HOME = "/srv/till"
KEY, PRICES = "work/key.txt", "work/prices.csv"
START_SECONDS = 15.0
MB = 1_000_000
MOST_ADDED = 1 * MB
MOST_SAVED = 2_000 * MB
PIECE = 1 << 20
GZIP = b"\x1f\x8b"


@check(
    points=2,
    hints=(
        "I asked 127.0.0.1:9350 for the prices, and ordered something. {seen}",
        "`docker logs till` says why it ended, or why an order was lost. "
        "An ordinary user can't write where root could.",
        "`--publish 127.0.0.1:9350:8000` and `--tmpfs /srv/till/orders:mode=1777`; the stamp comes from "
        "`RUN --mount=type=secret,id=key python stamp.py /run/secrets/key`.",
    ),
)
def the_till_takes_orders(system: System) -> str:
    """`till` answers on port 9350 of `127.0.0.1`, its prices bear the right stamp, and it takes an order."""
    doors = system.published(TILL, INSIDE)
    if set(doors) != {(HERE, DOOR)}:
        told = ", ".join(f"{host}:{port}" for host, port in sorted(doors)) or "none"
        raise Unmet(f"The till has these doors: {told}.", "`docker ps` shows them.")
    reply = system.http(DOOR, f"/prices?{system.nonce}", within=START_SECONDS)
    if reply.status != 200 or stamp_of(reply.body) != expected_stamp(system):
        raise Unmet(f"It answers with status {reply.status}, and its prices don't bear the stamp of the key.",
                    "Which file is given to `stamp.py`?")  # fmt: skip
    taken = system.http(DOOR, "/", method="POST", body=system.nonce.encode())
    if taken.status != 200:
        raise Unmet(f"It takes no order: {taken.body.strip()}", "Where does `till.py` write, and as whom?")
    if system.nonce not in system.http(DOOR, "/orders").body:
        raise Unmet("It forgets an order at once.", f"`curl http://{HERE}:{DOOR}/orders`")
    system.logs(TILL, containing=system.nonce)
    return "It shows stamped prices, and has noted my order."


@check(
    points=1,
    hints=(
        "I asked process 1 of the till who it is. {seen}",
        "Who says as whom a program runs: the Dockerfile, or `docker run`?",
        "`USER 10001` in the Dockerfile, below the lines that write files",
    ),
)
def it_is_not_root(system: System) -> str:
    """The till runs as an ordinary user."""
    if process_one(system)["Uid"].split()[0] == "0":
        raise Unmet("Process 1 is root.", "`docker exec till id`")
    return "Process 1 is an ordinary user."


@check(
    points=2,
    hints=(
        "I read which capabilities the till could ever get, and whether setuid marks count. {seen}",
        "Being an ordinary user is one wall, and two flags of `docker run` are two more.",
        "`--cap-drop ALL --security-opt no-new-privileges`",
    ),
)
def it_can_gain_no_rights(system: System) -> str:
    """No process in the till has or can get a capability, and none can get new privileges."""
    host = system.running(TILL)["HostConfig"]
    if int(process_one(system)["CapBnd"], 16):
        raise Unmet(
            "A process in it can still get capabilities.", "`docker exec till grep Cap /proc/1/status`"
        )
    options = {str(each).replace("=", ":").removesuffix(":true") for each in host.get("SecurityOpt") or ()}
    if "no-new-privileges" not in options:
        raise Unmet(
            "A setuid program in it starts with its owner's rights.",
            "`docker inspect --format '{{.HostConfig.SecurityOpt}}' till`",
        )
    return "It has no capability, and can get no new privileges."


@check(
    points=2,
    hints=(
        "I looked which places in the till can be written. {seen}",
        "One flag closes the whole file system, another opens one folder. Only today's orders need one.",
        "`--read-only --tmpfs /srv/till/orders:mode=1777`",
    ),
)
def it_cannot_be_rewritten(system: System) -> str:
    """The till's file system is read-only, and no place that can be written holds its program."""
    found = system.running(TILL)
    if not found["HostConfig"]["ReadonlyRootfs"]:
        raise Unmet("Its root file system can be written.", "`docker diff till` shows what was.")
    places = [
        *(found["HostConfig"].get("Tmpfs") or {}),
        *(m["Destination"] for m in found["Mounts"] if m["RW"]),
    ]
    around = sorted(place for place in places if f"{program(found)}/".startswith(f"{place.rstrip('/')}/"))
    if around:
        raise Unmet(
            f"{around[0]} can be written, and holds the program.", "Open the folder of the orders alone."
        )
    return "Nothing of its program can be written."


@check(
    points=2,
    hints=(
        f"I added up what the till's image holds beyond {BASE}. {{seen}}",
        "`docker history` tells the size of each line. A later line that deletes makes nothing smaller.",
        "Copy files by name: `COPY stamp.py prices.csv ./` and `COPY till.py .`",
    ),
)
def the_image_is_small(system: System) -> str:
    """The till's image adds less than 1 MB to `python:3.13-slim`."""
    whole, base = (sum(int(row["Size"]) for row in history(system, tag)) for tag in (image(system), BASE))
    added = whole - base
    if added >= MOST_ADDED:
        raise Unmet(f"It is {added / MB:.0f} MB bigger than {BASE}.", "`docker history` of your image")
    return f"It adds less than {MOST_ADDED // MB} MB to {BASE}."


@check(
    points=2,
    hints=(
        "I looked for the key in the history, the settings and every layer of the till's image. {seen}",
        "A layer keeps what was in it when its line ended, also if a later line deletes it. "
        "How can a build borrow a file?",
        "`RUN --mount=type=secret,id=key python stamp.py /run/secrets/key`, "
        "and `docker build --secret id=key,src=work/key.txt`; never `COPY` the key.",
    ),
)
def the_key_is_not_in_the_image(system: System) -> str:
    """The key stands neither in the history nor in the settings nor in any layer of the till's image."""
    key, tag = system.file(KEY).strip(), image(system)
    if any(key in str(row["CreatedBy"]) for row in history(system, tag)):
        raise Unmet("The history of the image holds the key.", "`docker history --no-trunc`")
    if key in json.dumps(system.image(tag)["Config"]):
        raise Unmet("The settings of the image hold the key.", "`docker image inspect`")
    for number, layer in own_layers(system, tag):
        if holds(layer, key.encode()):
            raise Unmet(
                f"Layer {number} of the image holds the key.", "`docker save`, and look into each layer"
            )
    return "The key is in none of its layers, and neither in history nor settings."


@check(
    points=1,
    hints=(
        "I looked by which name the till was started. {seen}",
        "A push tells a digest, and so does `docker image inspect`. A name may end in it, after an @.",
        "`docker run … 127.0.0.1:9351/till@sha256:…`, with what "
        "`docker image inspect --format '{{index .RepoDigests 0}}' 127.0.0.1:9351/till:1` says",
    ),
)
def it_runs_by_digest(system: System) -> str:
    """The till was started from the depot by digest, so that a moved tag can't change what runs."""
    found = system.running(TILL)
    name = str(found["Config"]["Image"])
    if "@sha256:" not in name or not name.startswith(f"{HERE}:9351/"):
        raise Unmet(f"It was started as {name}.", "Where does that name lead to next Monday?")
    if name not in (system.image(found["Image"])["RepoDigests"] or ()):
        raise Unmet("Its image doesn't have that digest in the depot.", "`docker images --digests`")
    return "It was started by digest, from the depot."


def stamp_of(body: str) -> str:
    """The stamp in a price list; nothing where it isn't one."""
    try:
        return str(json.loads(body)["stamp"])
    except (ValueError, KeyError, TypeError):
        return ""


def expected_stamp(system: System) -> str:
    """What `stamp.py` makes of the learner's price list and key."""
    key, prices = system.file(KEY).strip(), system.file(PRICES)
    return hmac.new(key.encode(), prices.encode(), hashlib.sha256).hexdigest()


def process_one(system: System) -> dict[str, str]:
    """What the kernel says of process 1 of the till."""
    lines = system.run_in(TILL, ["cat", "/proc/1/status"]).output.splitlines()
    found = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if not {"Uid", "CapBnd"} <= found.keys():
        raise Unmet("`cat /proc/1/status` in the till says nothing of it.", f"Is it made from {BASE}?")
    return found


def program(found: dict[str, Any]) -> str:
    """The folder in which the till's program lies."""
    return str(found["Config"]["WorkingDir"] or HOME).rstrip("/")


def image(system: System) -> str:
    """The ID of the image that the till was made from."""
    return str(system.running(TILL)["Image"])


def history(system: System, tag: str) -> list[dict[str, Any]]:
    """The lines of an image's history, as the engine has them."""
    system.image(tag)
    api: Any = system.docker.api
    return list(api.history(tag))


def own_layers(system: System, tag: str) -> Iterator[tuple[int, IO[bytes]]]:
    """Number and content of each layer that the image doesn't share with its base, out of `docker save`."""
    shared = set(system.image(BASE)["RootFS"]["Layers"])
    names = system.image(tag)["RootFS"]["Layers"]
    api: Any = system.docker.api
    with tempfile.TemporaryFile() as whole:
        for chunk in api.get_image(tag):
            whole.write(chunk)
            if whole.tell() > MOST_SAVED:
                raise Unmet("The image is too big to be looked through.", "`docker history` of your image")
        whole.seek(0)
        with tarfile.open(fileobj=whole) as archive:
            (entry,) = json.loads(member(archive, "manifest.json").read())
            for number, (name, file) in enumerate(zip(names, entry["Layers"], strict=True), start=1):
                if name not in shared:
                    yield number, unpacked(member(archive, file))


def member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file of the archive."""
    found = archive.extractfile(name)
    assert found is not None, f"{name} in the archive is no file"
    return found


def unpacked(layer: IO[bytes]) -> IO[bytes]:
    """The layer as a tar, also where the engine keeps it compressed."""
    packed = layer.read(2) == GZIP
    layer.seek(0)
    return gzip.open(layer) if packed else layer  # type: ignore[return-value]


def holds(stream: IO[bytes], word: bytes) -> bool:
    """Whether *word* occurs in the stream, also across the border of two pieces."""
    rest = b""
    while piece := stream.read(PIECE):
        if word in rest + piece:
            return True
        rest = piece[-len(word) :]
    return False
