"""Whether no layer of the pharmacy's image holds a key any more, and where the old one was."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from course.checks import System, Unmet, check, noted, symptom

DOOR = 9680
DESK, OLD, NEW = "label-desk", "pharmacy:1", "pharmacy:2"
KEY, KEY_IN_LAYER = "work/key.txt", "srv/key.txt"
RECIPE = Path(__file__).parent / "pharmacy" / "recipe.txt"
LEAST_CHARACTERS = 16
MOST_BYTES = 64 << 20
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Layer:
    """One layer of a saved image: the digests that it goes by, and its tar."""

    digests: frozenset[str]
    content: bytes

    def file(self, name: str) -> bytes | None:
        """What the file *name* holds in this layer; None where it isn't in it."""
        with tarfile.open(fileobj=io.BytesIO(self.content)) as archive:
            for member in archive:
                if member.isfile() and member.name.removeprefix("./") == name:
                    found = archive.extractfile(member)
                    return found.read() if found else None
        return None


@symptom
def the_key_is_in_a_layer(system: System) -> str:
    """The image from which `label-desk` runs holds the key in a layer."""
    key = system.file(KEY).strip().encode()
    if not any(key in layer.content for layer in taken_apart(system, system.running(DESK)["Image"])[1]):
        raise Unmet("No layer of its image holds the key.", "`docker history`")
    return "A layer holds the key."


@symptom
def the_key_cannot_be_seen(system: System) -> str:
    """In the container there is no key, though its image had one."""
    if system.run_in(DESK, ["test", "-e", f"/{KEY_IN_LAYER}"]).exit_code == 0:
        raise Unmet("The key lies in the container.", "`docker exec label-desk ls /srv`")
    if all(
        layer.file(KEY_IN_LAYER) is None for layer in taken_apart(system, system.running(DESK)["Image"])[1]
    ):
        raise Unmet("It isn't in a layer either.", "`docker history`")
    return "The container doesn't show it."


@check(
    points=3,
    hints=(
        "I took `pharmacy:1` apart, and compared `layer` with the layer that has the key. {seen}",
        "An image can be saved as an archive, and each layer in it is an archive, too. "
        "A file there is called like the digest of what it holds.",
        "`docker save pharmacy:1 | tar --extract --directory work/opened`, then `tar --list --file` of each "
        "file in `work/opened/blobs/sha256`",
    ),
)
def the_layer_is_noted(system: System) -> str:
    """The file `facts.txt` gives the digest of the layer of `pharmacy:1` that holds the key."""
    system.image(OLD)
    true = [layer for layer in taken_apart(system, OLD)[1] if layer.file(KEY_IN_LAYER) is not None]
    if not true:
        raise Unmet(
            "pharmacy:1 isn't the image that the auditor had.", "Build it again with the frozen cell."
        )
    if noted(system, "layer") not in true[0].digests:
        raise Unmet(f"Another layer than that one holds {KEY_IN_LAYER}.", "`docker history pharmacy:1`")
    return "facts.txt gives the digest of the layer with the key."


@check(
    points=2,
    hints=(
        "I looked for the content of `work/key.txt` in `pharmacy:1`. {seen}",
        "The auditor has that key. What is it worth now?",
        "`head -c 16 /dev/urandom | od -A n -t x1 | tr -d ' \\n' > work/key.txt`",
    ),
)
def the_key_is_new(system: System) -> str:
    """The key in `work/key.txt` is one that nobody could have read in `pharmacy:1`."""
    key = system.file(KEY).strip()
    if len(key) < LEAST_CHARACTERS:
        raise Unmet(f"{KEY} has {len(key)} characters.", f"A key has {LEAST_CHARACTERS} or more.")
    system.image(OLD)
    if any(key.encode() in layer.content for layer in taken_apart(system, OLD)[1]):
        raise Unmet("The key in work/key.txt is the one that the auditor has.", "Who else may have it?")
    return "The key is a new one."


@check(
    points=2,
    hints=(
        "I asked 127.0.0.1:9680 for `/label.txt`, and signed the recipe myself. {seen}",
        "`docker ps` shows from which image `label-desk` runs. The signature must be that of today's key: "
        "a build takes again what an earlier one made, and doesn't notice that a borrowed file has changed.",
        "`docker build --no-cache --secret id=key,src=work/key.txt --tag pharmacy:2 work`, then "
        "`docker rm --force label-desk` and `docker run` from `pharmacy:2`",
    ),
)
def the_label_is_signed(system: System) -> str:
    """`label-desk` runs from `pharmacy:2`, and shows a label signed with the key of today."""
    if system.running(DESK)["Image"] != system.image(NEW)["Id"]:
        raise Unmet("label-desk doesn't run from pharmacy:2.", "`docker ps`")
    signature = hashlib.sha256(system.file(KEY).encode() + RECIPE.read_bytes()).hexdigest()
    reply = system.http(DOOR, "/label.txt")
    if reply.status != 200 or reply.body.strip() != signature:
        raise Unmet("Its label doesn't bear the signature of the key in work/key.txt.", "`work/sign.sh`")
    return "Its label is signed with today's key."


@check(
    points=3,
    needs=("the_label_is_signed",),
    hints=(
        "I took `pharmacy:2` apart, and looked for both keys in layers, settings and history. {seen}",
        "A layer keeps what was in it when its line ended, and the history keeps what the lines said. "
        "Chapters 09 and 13 show how a build borrows a file, and how it leaves one behind.",
        "`RUN --mount=type=secret,id=key sh sign.sh /run/secrets/key recipe.txt > label.txt`, "
        "and no `COPY` of the key",
    ),
)
def nobody_can_read_a_key(system: System) -> str:
    """Neither key stands in a layer, in the settings or in the history of `pharmacy:2`."""
    key = system.file(KEY).strip().encode()
    old = [layer.file(KEY_IN_LAYER) for layer in taken_apart(system, OLD)[1]]
    settings, layers = taken_apart(system, NEW)
    for secret in {key, *(each.strip() for each in old if each)}:
        if secret in settings:
            raise Unmet("A key stands in its history or settings.", "`docker history --no-trunc pharmacy:2`")
        if any(secret in layer.content for layer in layers):
            raise Unmet("A key lies in one of its layers.", "`docker save pharmacy:2`, and read the layers.")
    return "No key is in pharmacy:2."


def taken_apart(system: System, tag: str) -> tuple[bytes, list[Layer]]:
    """The settings of image *tag* as the engine saves them, and its layers."""
    saved = b""
    for chunk in system.docker.api.get_image(tag):
        saved += chunk
        if len(saved) > MOST_BYTES:
            raise Unmet(f"{tag} is larger than it can be.", "`docker history` shows why.")
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:

        def read(name: str) -> bytes:
            file = archive.extractfile(archive.getmember(name))
            assert file is not None
            return file.read()

        (image,) = json.loads(read("manifest.json"))
        settings = read(image["Config"])
        names = json.loads(settings)["rootfs"]["diff_ids"]
        return settings, [
            layer_of(read(path), name) for path, name in zip(image["Layers"], names, strict=True)
        ]


def layer_of(blob: bytes, name: str) -> Layer:
    """A layer of the *blob* that was saved; some engines compress it, and then it has a digest more."""
    content = gzip.decompress(blob) if blob.startswith(GZIP) else blob
    return Layer(frozenset({name, f"sha256:{hashlib.sha256(blob).hexdigest()}"}), content)
