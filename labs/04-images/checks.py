"""What the bakery's images must be like: complete, small, quick to rebuild, and made by a Dockerfile."""

from __future__ import annotations

from typing import Any

from course.checks import System, Unmet, check

BASE = "python:3.13-slim"
MOST_ADDED = 5_000_000  # bytes; bread, programs and what Python compiles are about 1 MB
INSTRUCTIONS = {
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "RUN",
    "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "/bin/sh -c",
}  # fmt: skip


def layers(system: System, tag: str) -> list[str]:
    """The digests of an image's layers, lowest first."""
    found: list[str] = system.image(tag)["RootFS"]["Layers"]
    return found


def made_above(system: System, tag: str, base: str) -> list[tuple[str, int]]:
    """Instruction and bytes of each history row that *tag* adds to *base*, newest first."""
    whole, below = (_history(system, each) for each in (tag, base))
    added = whole[: max(len(whole) - len(below), 0)]
    return [(row["CreatedBy"], row["Size"]) for row in added]


def _history(system: System, tag: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = system.docker.api.history(system.image(tag)["Id"])  # type: ignore[no-untyped-call]
    return found


@check(
    points=2,
    hints=(
        "I read the log of the container `menu`. {seen}",
        "`docker logs menu` shows what it printed. `docker rm --force menu` makes room for another try.",
        "`docker run --name menu menu:1`",
    ),
)
def the_menu_is_complete(system: System) -> str:
    """A container `menu`, made from `menu:1`, has shown the price list and the bread, and ended well."""
    found = system.container("menu")
    if found["Image"] != system.image("menu:1")["Id"]:
        raise Unmet(
            f"menu was made from {found['Config']['Image']} as it was then.",
            "Is it older than your last build of menu:1?",
        )
    if found["State"]["Status"] != "exited" or found["State"]["ExitCode"] != 0:
        raise Unmet(
            f"menu is {found['State']['Status']} with exit code {found['State']['ExitCode']}.",
            "`docker logs menu` says what went wrong.",
        )
    for word in ("rye bread", "12 loaves"):
        system.logs("menu", containing=word)
    return "menu has shown the price list and 12 loaves, and ended with exit code 0."


@check(
    points=2,
    needs=("the_menu_is_complete",),
    hints=(
        "I compared `menu:1` with its base. {seen}",
        "`docker history menu:1` shows which line weighs what. What is there when a line ends, weighs.",
        "One line that makes, uses and deletes: `RUN python bake.py && rm dough.bin`",
    ),
)
def the_menu_is_small(system: System) -> str:
    """`menu:1` stands on `python:3.13-slim` and adds less than 5 MB to it."""
    below = layers(system, BASE)
    if layers(system, "menu:1")[: len(below)] != below:
        raise Unmet(
            f"menu:1 doesn't have the layers of {BASE}.", "The first line of its Dockerfile names its base."
        )
    rows = made_above(system, "menu:1", BASE)
    if sum(size for _, size in rows) >= MOST_ADDED:
        line, size = max(rows, key=lambda row: row[1])
        shown = line.removesuffix("# buildkit").strip()
        raise Unmet(
            f"The heaviest line of menu:1 is `{shown}` with {size // 10**6} MB.",
            "What does that line leave behind when it ends?",
        )
    return f"menu:1 stands on {BASE} and adds less than 5 MB."


@check(
    points=2,
    needs=("the_menu_is_complete",),
    hints=(
        "I compared the layers of `menu:1` and `menu:2`, from the lowest up. {seen}",
        "Every line below one whose files changed is run again. Which files does each `COPY` take?",
        "First `COPY bake.py .` and the `RUN`; `COPY show.py menu.txt ./` comes after them.",
    ),
)
def only_the_menu_changed(system: System) -> str:
    """`menu:2` has all layers of `menu:1` but the last, and a new last one."""
    old, new = layers(system, "menu:1"), layers(system, "menu:2")
    same = next(
        (place for place, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), len(old)
    )
    if old == new:
        raise Unmet("menu:1 and menu:2 have the same layers.", "Was menu:2 built after the new price came?")
    if len(old) != len(new) or same != len(old) - 1:
        raise Unmet(
            f"menu:1 has {len(old)} layers, menu:2 has {len(new)}; the lowest {same} are the same.",
            "`docker history menu:2` names the line that made each layer.",
        )
    return "menu:2 has all layers of menu:1 but the last, and a new last one."


@check(
    points=1,
    needs=("only_the_menu_changed",),
    hints=(
        "I read the file `changed-layer.txt`. {seen}",
        "Compare what `docker image inspect` says in `RootFS.Layers` of both images.",
        "`docker image inspect --format '{{json .RootFS.Layers}}' menu:2`; the last digest is the new one.",
    ),
)
def the_changed_layer_is_noted(system: System) -> str:
    """The file `changed-layer.txt` holds the digest of the layer that `menu:2` has and `menu:1` hasn't."""
    noted = system.file("changed-layer.txt").strip()
    if noted.removeprefix("sha256:") != layers(system, "menu:2")[-1].removeprefix("sha256:"):
        known = noted in layers(system, "menu:1") or f"sha256:{noted}" in layers(system, "menu:1")
        kind = "a layer that both images have" if known else "not the digest of that layer"
        raise Unmet(f"What it holds is {kind}.", "A layer's digest, not an image's: see `RootFS.Layers`.")
    return "changed-layer.txt holds the digest of the new layer."


@check(
    points=1,
    hints=(
        "I looked which image each tag leads to. {seen}",
        "`docker images menu` shows tags and image IDs side by side.",
        "`docker tag menu:2 menu:stable`",
    ),
)
def stable_is_the_new_menu(system: System) -> str:
    """`menu:stable` and `menu:2` are two names of one image."""
    if system.image("menu:stable")["Id"] != system.image("menu:2")["Id"]:
        old = system.image("menu:stable")["Id"] == system.image("menu:1")["Id"]
        raise Unmet(
            "menu:stable leads to " + ("menu:1." if old else "an image that isn't menu:2."),
            "A tag stays where it was set, until it is set again.",
        )
    return "menu:stable and menu:2 are one image."


@check(
    points=2,
    hints=(
        "I looked into the container `sign`. {seen}",
        "A container keeps the image it was made from; to use another one it must be replaced.",
        "`docker rm --force sign`, then `docker run --detach --name sign sign:1 tail -f /dev/null`",
    ),
)
def the_sign_is_replaced(system: System) -> str:
    """`sign` runs from `sign:1`, with the new text in `/sign.txt` and without the draft."""
    sign = system.running("sign")
    if sign["Image"] != system.image("sign:1")["Id"]:
        raise Unmet(f"sign runs from {sign['Config']['Image']}.", "`docker ps` shows each container's image.")
    text = system.run_in("sign", ["cat", "/sign.txt"]).output.strip()
    if text != "open 7 to 19, Sundays 8 to 12":
        raise Unmet(
            f"`cat /sign.txt` in sign says: {text}", "The new text stood in the container that you replaced."
        )
    if system.run_in("sign", ["test", "-e", "/tmp/draft"]).exit_code == 0:
        raise Unmet("The draft /tmp/draft is in sign.", "Where does it come from, if the container is new?")
    return "sign runs from sign:1, shows the new text, and has no draft."


@check(
    points=2,
    hints=(
        "I read the history of `sign:1`, down to its base. {seen}",
        "`docker history --no-trunc sign:1`: can a colleague see what was changed?",
        'A Dockerfile with `FROM busybox:1.37` and `RUN echo "…" > /sign.txt`, '
        "then `docker build --tag sign:1 …`",
    ),
)
def the_sign_tells_how_it_was_made(system: System) -> str:
    """Every line that `sign:1` adds to `busybox:1.37` is a line of a Dockerfile."""
    below = layers(system, "busybox:1.37")
    if layers(system, "sign:1")[: len(below)] != below:
        raise Unmet(
            "sign:1 doesn't have the layer of busybox:1.37.",
            "The first line of its Dockerfile names its base.",
        )
    rows = [line for line, _ in made_above(system, "sign:1", "busybox:1.37")]
    if not rows:
        raise Unmet("sign:1 adds nothing to busybox:1.37.", "Where is the new text to come from?")
    for line in rows:
        if not any(line.startswith(word) for word in INSTRUCTIONS):
            raise Unmet(
                f"A line of its history reads: {line}", "That is a process that ran, not an instruction."
            )
    return "The history of sign:1 holds instructions only."
