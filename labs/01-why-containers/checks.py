"""What the museum's rooms, its vault and its panel must be like; how they came about doesn't matter."""

from __future__ import annotations

import json
from typing import Any

from course.checks import System, Unmet, check

HERE = "127.0.0.1"
# What a registry may hand out for a tag: a manifest, or an index of manifests, in its old and its new form.
KINDS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
)


@check(
    points=2,
    hints=(
        "I asked port 8120 for a word that nobody knows beforehand, and looked what answers there. {seen}",
        "`docker logs tour` shows whether the program greets or fails. "
        "Which of the two files `voice.py` was it written for?",
        "`COPY stand.py tour.py voice-1/voice.py ./` in the Dockerfile, then `docker build --tag tour:1 …`, "
        "`docker run --detach --name tour --publish 127.0.0.1:8120:8000 tour:1`",
    ),
)
def the_tour_speaks_with_voice_1(system: System) -> str:
    """`tour` runs from the image `tour:1` and answers with voice 1 on port 8120 of `127.0.0.1`."""
    made_from(system, "tour", "tour:1")
    speaks(system, 8120, "tour: voice 1 says {}")
    return "127.0.0.1:8120 answers with voice 1, from tour:1."


@check(
    points=2,
    hints=(
        "I asked port 8121 for a word that nobody knows beforehand, and looked what answers there. {seen}",
        "`docker logs quiz` shows whether the program greets or fails. "
        "It runs beside `tour`: an image of its own, a name of its own, a port of its own.",
        "`COPY stand.py quiz.py voice-2/voice.py ./` in the Dockerfile, then `docker build --tag quiz:1 …`, "
        "`docker run --detach --name quiz --publish 127.0.0.1:8121:8000 quiz:1`",
    ),
)
def the_quiz_speaks_with_voice_2(system: System) -> str:
    """`quiz` runs from the image `quiz:1` and answers with voice 2 on port 8121 of `127.0.0.1`."""
    made_from(system, "quiz", "quiz:1")
    speaks(system, 8121, "quiz: voice 2 says {} loudly")
    return "127.0.0.1:8121 answers with voice 2, from quiz:1."


@check(
    points=2,
    hints=(
        "I asked the registry on port 8122 for `tour`, tag 1, and compared it with the image here. {seen}",
        "`curl http://127.0.0.1:8122/v2/tour/tags/list` shows what it has. "
        "The first part of an image's name says where a push goes to.",
        "`docker tag tour:1 127.0.0.1:8122/tour:1`, then `docker push 127.0.0.1:8122/tour:1`",
    ),
)
def the_vault_keeps_the_tour(system: System) -> str:
    """The registry on `127.0.0.1:8122` has the image `tour:1`, as `tour` with the tag `1`."""
    if system.image("tour:1")["Id"] not in kept(system, "tour", "1"):
        raise Unmet(
            "What the registry has as tour, tag 1, is another image than tour:1 here.",
            "Was tour:1 built again after the push?",
        )
    return "The registry has tour:1."


@check(
    points=2,
    needs=("the_vault_keeps_the_tour",),
    hints=(
        "I looked which image `annex` was started from, and asked port 8123. {seen}",
        "The annex never built anything: it knows an image by the name that begins with its registry. "
        "`docker ps` shows the name that each container was started with.",
        "`docker run --detach --name annex --publish 127.0.0.1:8123:8000 127.0.0.1:8122/tour:1`",
    ),
)
def the_annex_runs_what_the_vault_keeps(system: System) -> str:
    """`annex` runs the vault's image by the vault's name for it, and answers on port 8123 of `127.0.0.1`."""
    annex = system.running("annex")
    name = annex["Config"]["Image"]
    if not name.startswith(f"{HERE}:8122/tour"):
        raise Unmet(f"annex was started from {name}.", "Would another machine find an image under that name?")
    if annex["Image"] not in kept(system, "tour", "1"):
        raise Unmet("annex runs another image than the vault has.", "`docker pull` asks the vault again.")
    speaks(system, 8123, "tour: voice 1 says {}")
    return "annex runs the vault's tour, and 127.0.0.1:8123 answers."


@check(
    points=2,
    hints=(
        "I read the hours on port 8124, and looked which image `panel` runs from. {seen}",
        "The hours stand in a file that `panel:1` was built from. A new image needs a new tag, "
        "and a container keeps the image that it was made from.",
        "`echo 'open 10 to 20' > work/panel/hours.txt`, `docker build --tag panel:2 work/panel`, "
        "`docker rm --force panel`, then "
        "`docker run --detach --name panel --publish 127.0.0.1:8124:8000 panel:2`",
    ),
)
def the_panel_is_replaced(system: System) -> str:
    """`panel` runs from a new image `panel:2`, and shows `open 10 to 20` on port 8124 of `127.0.0.1`."""
    made_from(system, "panel", "panel:2")
    if system.image("panel:2")["Id"] == system.image("panel:1")["Id"]:
        raise Unmet("panel:2 is a second name of panel:1.", "What is to be new in the new image?")
    hours = system.http(8124, "/hours.txt").body.strip()
    if hours != "open 10 to 20":
        raise Unmet(f"The panel shows: {hours}", "`docker exec panel cat hours.txt` reads the file.")
    return "panel runs from panel:2 and shows open 10 to 20."


@check(
    points=2,
    needs=("the_panel_is_replaced",),
    hints=(
        "I compared the files of `panel` with its image, and looked for what was left on Friday. {seen}",
        "`docker diff panel` shows what was changed after the start, `docker exec panel ls` what lies there. "
        "Where did the hours get into the panel: at the build, or later?",
        "Change `work/panel/hours.txt`, then build, `docker rm --force panel`, and run: "
        "no `docker exec` and no `docker commit`.",
    ),
)
def the_panel_is_as_it_was_built(system: System) -> str:
    """In `panel` nothing was changed by hand, and Friday's note is gone."""
    changes = system.docker.api.diff("panel") or []
    drifted = sorted(each["Path"] for each in changes if each["Path"].startswith("/panel/"))
    if drifted:
        raise Unmet(
            f"Changed since the container was made: {', '.join(drifted)}.",
            "A change by hand goes with its container.",
        )
    if system.run_in("panel", ["test", "-e", "/panel/note.txt"]).exit_code == 0:
        raise Unmet("/panel/note.txt is in the image panel:2.", "How did it get out of Friday's container?")
    return "panel is as its image was built, without the note."


def made_from(system: System, name: str, tag: str) -> None:
    """Unmet, unless container *name* runs from image *tag* as it is now."""
    found, image = system.running(name), system.image(tag)
    if found["Image"] != image["Id"]:
        raise Unmet(
            f"{name} runs from {found['Config']['Image']}, and {tag} is another image.",
            f"Is {name} older than the last build of {tag}?",
        )


def speaks(system: System, port: int, form: str) -> None:
    """Unmet, unless *port* answers a new word in the *form* that the right program with its voice gives."""
    said = system.http(port, f"/{system.nonce}").body.strip()
    if said != form.format(system.nonce):
        shown = said.replace(system.nonce, "WORD")
        raise Unmet(
            f"Asked for /WORD, 127.0.0.1:{port} says: {shown[:100]}", "`docker ps` shows what runs there."
        )


def kept(system: System, name: str, tag: str) -> set[str]:
    """Digests of what the registry has: an engine takes a manifest's or a config's for an image's ID."""
    reply = system.http(8122, f"/v2/{name}/manifests/{tag}", headers={"Accept": KINDS})
    if reply.status != 200:
        raise Unmet(
            f"Asked for {name}, tag {tag}, 127.0.0.1:8122 answers with status {reply.status}.",
            f"`curl http://127.0.0.1:8122/v2/{name}/tags/list` shows what is there.",
        )
    manifest: dict[str, Any] = json.loads(reply.body)
    parts = [manifest.get("config", {}), *manifest.get("manifests", [])]
    return {reply.headers.get("docker-content-digest", "")} | {str(each.get("digest")) for each in parts}
