"""A room with two learners: who may come in, what each has, that neither crosses over; nothing is left."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import room_parts
from room_parts import NAMES, PYTHON, Room

from benchmarks.visitor import Kernel, Refused, Visitor
from course import engine, places
from course.engine.daemon import until
from course.grade import engines
from room import cards, opening, state

# Its packages come from PyPI and npm, and it needs Linux and root.
pytestmark = pytest.mark.fetches
SECRET = "what only ada may read"
MARK = "mark-of-ada"
# All that an engine without root can give a container; it refuses --privileged itself.
RIGHTS = "--cap-add ALL --security-opt seccomp=unconfined --security-opt apparmor=unconfined"
ROOT_INSIDE = f"docker run --rm {RIGHTS} --pid host --network host --volume /:/host busybox:1.37"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room that was killed while a learner was in it, and opened again."""
    with room_parts.room(tmp_path_factory.mktemp("room")) as made:
        made.open()
        first = made.visitor("ada")
        first.open_lab()
        made.kill()
        made.open()
        yield made


@pytest.fixture(scope="module")
def learners(room: Room) -> dict[str, Visitor]:
    """Both, with JupyterLab open."""
    found = {name: room.visitor(name) for name in NAMES}
    for visitor in found.values():
        visitor.open_lab()
    return found


@pytest.fixture(scope="module")
def kernels(learners: dict[str, Visitor]) -> Iterator[dict[str, Kernel]]:
    """A kernel of each; ada has a file and a container."""
    notebook = "notebooks/00-start.ipynb"
    with learners["ada"].kernel(notebook) as ada, learners["bob"].kernel(notebook) as bob:
        made = ada.run(
            f"open('/disk/home/{MARK}', 'w').write({SECRET!r})\n"
            f"!docker run --detach --name {MARK} busybox:1.37 sleep 3600"
        )
        assert not made.error, made
        yield {"ada": ada, "bob": bob}


def said(kernel: Kernel, source: str) -> str:
    """What a cell printed; an error fails the test."""
    ran = kernel.run(source)
    assert not ran.error, ran.error + ran.text
    return ran.text


def test_what_a_killed_room_left_is_gone(room: Room) -> None:
    """The container, the mount and the hub of a room that was killed are gone when the next one opens."""
    first = {name: len(list(each)) for name, each in {"hubs": filter(_is_hub, room.processes())}.items()}
    assert first == {"hubs": 1}


def _is_hub(words: str) -> bool:
    return "-m jupyterhub --config" in words


def test_a_card_lets_in_and_nothing_else_does(room: Room) -> None:
    """A wrong word, somebody else's word, no word and an unknown name are refused; so is signing up."""
    for name, word in (("ada", "wrong"), ("ada", room.words["bob"]), ("ada", ""), ("eve", room.words["ada"])):
        with pytest.raises(Refused):
            Visitor(room.address, name).log_in(word)
    assert Visitor(room.address, "eve").get("/hub/signup").status_code == 404
    spoken = room.words["ada"].upper().replace("-", " ")
    assert Visitor(room.address, "Ada").log_in(spoken)


def test_words_are_kept_as_salted_hashes(room: Room) -> None:
    """No word of a card lies in the room's folder, and only root may look there."""
    assert room.home.stat().st_mode & 0o077 == 0
    assert (room.folder / "cards.html").stat().st_mode & 0o077 == 0
    texts = [file.read_bytes() for file in room.home.glob("*") if file.is_file()]
    assert texts and not any(word.encode() in text for text in texts for word in room.words.values())


def test_each_has_an_engine_of_their_own(kernels: dict[str, Kernel]) -> None:
    """A container runs for each; neither sees the other's, nor the machine's."""
    assert "hello from bob" in said(kernels["bob"], "!docker run --rm busybox:1.37 echo hello from bob")
    rows = "!docker ps --all --format '{{{{.Names}}}}'"
    assert said(kernels["ada"], rows).split() == [MARK]
    assert said(kernels["bob"], rows).split() == []


def test_an_image_that_the_disk_lacks_comes_from_the_rooms_mirror(kernels: dict[str, Kernel]) -> None:
    """A plain docker pull works where no other registry can be reached."""
    source = "!docker rmi busybox:1.37 && docker pull --quiet busybox:1.37 && docker pull --quiet nothing:1"
    text = said(kernels["bob"], source)
    assert "docker.io/library/busybox:1.37" in text
    assert "nothing:1\n" not in text.splitlines()[-1:]


def test_a_learners_network_leads_nowhere_but_to_hub_and_mirror(
    room: Room, kernels: dict[str, Kernel]
) -> None:
    """From kernel and containers no port of the machine answers, nor the proxy's API, nor another learner."""
    chosen = json.loads((room.home / "room.json").read_text())
    with socket.create_server(("0.0.0.0", 0)) as ours:
        port = ours.getsockname()[1]
        known = [
            port,
            room.port,
            chosen["hub_port"],
            chosen["proxy_port"],
            chosen["page_port"],
            *relays(room),
        ]
        assert len(known) == 7
        addresses = [(host, each) for host in hosts() for each in known]
        assert reached_here(addresses), "the ports that must not be reached are open"
        cell = f"ADDRESSES = {addresses}\n{room_parts.REACHED}"
        assert said(kernels["bob"], cell).strip() == "reached []"
        # A container of the learner's has his engine's network behind it, and may ask for it itself.
        for network in ("bridge", "host"):
            command = f"nc -w 1 {hosts()[-1]} {port} < /dev/null"
            asked = (
                f"!docker run --rm {RIGHTS} --network {network} busybox:1.37 sh -c '{command}'; echo code $?"
            )
            assert said(kernels["bob"], asked).splitlines()[-1] == "code 1"
    names = "import socket; print(sorted(n for _, n in socket.if_nameindex() if not n.startswith('veth')))"
    assert said(kernels["bob"], names).strip() == "['docker0', 'lo']"
    assert said(kernels["bob"], "!ip route show default").strip() == ""


def hosts() -> list[str]:
    """The addresses of this machine."""
    rows = subprocess.run(["ip", "-4", "-json", "address"], capture_output=True, text=True, check=True).stdout
    return sorted(info["local"] for row in json.loads(rows) for info in row["addr_info"])


def relays(room: Room) -> list[int]:
    """The ports of this machine behind which the learners' servers are."""
    routes = (room.home / "hub.log").read_text().split("Route added /user/")[1:]
    last = {line.split()[0]: int(line.split()[2].rsplit(":", 1)[1]) for line in routes}
    return sorted(last.values())


def reached_here(addresses: list[tuple[str, int]]) -> list[str]:
    """Which of them answer on this machine."""
    found = []
    for host, port in addresses:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            continue
        found.append(f"{host}:{port}")
    return found


def test_files_of_others_and_of_the_machine_are_out_of_reach(kernels: dict[str, Kernel]) -> None:
    """Not by path, not as root of the own engine, not through a device, not through the machine's engine."""
    assert SECRET in said(kernels["ada"], f"!cat /disk/home/{MARK}")
    look = f"find / -name {MARK} -not -path '/proc/*' 2>/dev/null; echo looked"
    assert said(kernels["bob"], f'!bash -c "{look}"').split() == ["looked"]
    assert said(kernels["bob"], f'!{ROOT_INSIDE} sh -c "{look}"').split() == ["looked"]
    # The number of a device file that root inside may want to make: learners' disks are loop devices.
    tried = said(kernels["bob"], f'!{ROOT_INSIDE} sh -c "mknod /d b 7 0; ls /host/dev; echo tried" 2>&1')
    assert "Operation not permitted" in tried and "tried" in tried
    assert "loop" not in tried
    root = said(kernels["bob"], "!docker info --format '{{{{.DockerRootDir}}}} {{{{.SecurityOptions}}}}'")
    assert "/disk/docker" in root and "rootless" in root


def test_the_instructors_page_is_where_the_hub_has_it(room: Room) -> None:
    """With a domain it has a name of its own, which the hub makes by its own rule and no learner can have."""
    rule = (
        "from jupyterhub.app import JupyterHub\n"
        "print(JupyterHub().subdomain_hook('instructor', 'room.example', 'service'))"
    )
    host = subprocess.run([PYTHON, "-c", rule], text=True, capture_output=True, check=True).stdout.strip()
    found = opening.page_address("http://10.0.0.1:8000", "https://room.example:8443")
    assert found == f"https://{host}:8443/services/instructor/"
    assert opening.page_address(room.address, "") in room.said


def test_a_learner_fills_no_disk_but_the_own(kernels: dict[str, Kernel]) -> None:
    """Twenty learners' 8 GiB may be more than the machine has, but nobody gets more, and the others go on."""
    filled = said(
        kernels["bob"], "!fallocate -l 7G /disk/home/big; head -c 2G /dev/zero 2>&1 > /disk/home/more"
    )
    assert "No space left on device" in filled
    try:
        assert said(kernels["ada"], "!touch /disk/home/fine && echo fine").strip() == "fine"
        full = said(kernels["bob"], "!echo full > /disk/home/third || echo refused")
        assert "refused" in full
    finally:
        said(kernels["bob"], "!rm /disk/home/big /disk/home/more")


def test_processes_of_others_are_not_seen(kernels: dict[str, Kernel]) -> None:
    """A learner sees one hub's server, his own; so does root in a container of his."""
    seen = "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep ^JUPYTERHUB_USER | sort -u"
    assert said(kernels["bob"], f"!{seen}").split() == ["JUPYTERHUB_USER=bob"]
    assert said(kernels["bob"], f'!{ROOT_INSIDE} sh -c "{seen}"').split() == ["JUPYTERHUB_USER=bob"]
    first = said(kernels["bob"], f"!{ROOT_INSIDE} cat /proc/1/cmdline").split("\0")
    assert first[0] == "rootlesskit", "number 1 is the container's own first process, not the machine's"


def test_what_is_mounted_for_all_can_be_changed_by_none(kernels: dict[str, Kernel]) -> None:
    """Python and the room's scripts are the same files for all: not even root of an engine writes there."""
    for folder in ("python", "room"):
        tries = f"mount -o remount,rw,bind /host/{folder}; touch /host/{folder}/x; echo tried"
        text = said(kernels["bob"], f'!{ROOT_INSIDE} sh -c "{tries}" 2>&1')
        assert "Read-only file system" in text and "tried" in text
    assert not list((places.ROOT / "room/inside").glob("x"))


def test_the_hub_gives_a_learner_only_what_is_his(room: Room, kernels: dict[str, Kernel]) -> None:
    """With the token of bob's server: his own user, nobody else's, no token for another, no shutdown."""
    source = """
import json, os, urllib.error, urllib.request
def ask(method, path):
    body = b"{}" if method == "POST" else None
    request = urllib.request.Request(os.environ["JUPYTERHUB_API_URL"] + path, method=method, data=body)
    request.add_header("Authorization", "token " + os.environ["JUPYTERHUB_API_TOKEN"])
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code
asked = [("GET", "/users/bob"), ("GET", "/users/ada"), ("GET", "/users"), ("POST", "/users/ada/tokens"),
         ("DELETE", "/users/ada/server"), ("POST", "/users/eve"), ("GET", "/services"), ("GET", "/proxy"),
         ("POST", "/shutdown")]
print(json.dumps([ask(*each) for each in asked]))
"""
    codes = json.loads(said(kernels["bob"], source))
    assert codes[0] == 200, "the hub's API is reached, and the token is right"
    assert all(code in (403, 404) for code in codes[1:]), codes


def test_another_learners_server_is_closed_to_a_browser(learners: dict[str, Visitor]) -> None:
    """Logged in as ada, /user/bob answers 403, and its API neither; so it is without any card."""
    ada, nobody = learners["ada"], Visitor(learners["ada"].address, "nobody")
    assert ada.get("/user/ada/api/status").status_code == 200
    assert ada.get("/user/bob/lab").status_code == 403
    for path in ("api/status", "api/contents", "api/kernels", "files/README.md"):
        assert ada.get(f"/user/bob/{path}").status_code == 403
        assert (
            "/hub/login" in nobody.get(f"/user/bob/{path}").url
            or nobody.get(f"/user/bob/{path}").status_code == 403
        )


def test_the_instructors_page_is_for_the_instructor(room: Room, learners: dict[str, Visitor]) -> None:
    """A learner and a stranger are refused; the instructor sees who is where."""
    page = "/services/instructor/"
    assert learners["ada"].get(page).status_code == 403
    assert "/hub/login" in Visitor(room.address, "nobody").get(page).url
    shown = room.visitor(cards.INSTRUCTOR).get(page)
    assert shown.status_code == 200
    assert "2 of 2 have a server" in shown.text
    assert "script" not in shown.text.lower()
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_page_shows_what_learners_did(room: Room, kernels: dict[str, Kernel]) -> None:
    """The notebook a learner is in and the lab's checks that don't hold stand on the page."""
    said(
        kernels["bob"],
        "%cd ../labs/00-start\nfrom course import lesson\nlesson.start('labs/00-start')\nlesson.check()",
    )
    text = room.visitor(cards.INSTRUCTOR).get("/services/instructor/").text
    assert "<td>labs/00-start</td>" in text
    assert "<td>hello_runs</td><td>1</td>" in text.replace("\n", "")


def test_a_hostile_record_harms_nobody(room: Room, kernels: dict[str, Kernel]) -> None:
    """A link to a file of the machine's shows nothing of it, and the page goes on for the others."""
    folder = "~/.local/state/containers-course"
    said(kernels["ada"], f"!mkdir -p {folder} && ln -sf /etc/shadow {folder}/progress.jsonl")
    shown = room.visitor(cards.INSTRUCTOR).get("/services/instructor/")
    assert shown.status_code == 200
    assert "root:" not in shown.text
    assert "can&#x27;t be read" in shown.text


SAME = (
    "CapAdd", "CapDrop", "ReadonlyRootfs", "NetworkMode", "Privileged", "SecurityOpt", "PidMode", "Devices",
    "PidsLimit", "Memory", "MemorySwap", "MaskedPaths", "ReadonlyPaths", "UsernsMode",
)  # fmt: skip


def test_the_fence_is_that_of_the_grader(room: Room, learners: dict[str, Visitor]) -> None:
    """A learner's container has no rights, ways out or room that a submission's hasn't."""
    own = engine.client().containers.get("course-room-ada").attrs["HostConfig"]
    with engines.workspace() as folder:
        (folder / "disk").mkdir()
        with engines.on_disk(folder / "disk", folder) as made:
            grader = engine.client().containers.get(made.name).attrs["HostConfig"]
    assert {name: _plain(own[name]) for name in SAME} == {name: _plain(grader[name]) for name in SAME}
    assert own["CpuQuota"] == 2 * own["CpuPeriod"]
    assert {bind.rsplit(":", 1)[-1] for bind in own["Binds"][1:]} == {"ro"}


def _plain(value: object) -> object:
    """The same words for the same thing: the order and prefix of rights differ from client to client."""
    return sorted(each.removeprefix("CAP_") for each in value) if isinstance(value, list) else value or []


def test_a_room_can_not_be_opened_twice(room: Room) -> None:
    """The second one says that one is open, and how to close it."""
    words = [str(PYTHON), "-m", "room", "--learners", "1", "--port", "0"]
    done = subprocess.run(words, cwd=places.ROOT, env=room.environment, text=True, capture_output=True)
    assert (done.returncode, "open on this machine already" in done.stderr) == (1, True)


def test_after_ctrl_c_nothing_is_left_but_disks(room: Room, kernels: dict[str, Kernel]) -> None:
    """No container, mount, loop device or process; the learners' work is there at the next opening."""
    assert len(room.containers()) == 2
    assert room.mounts() and room.disks() and room.processes()
    assert room.interrupt() == 0
    assert room.containers() == []
    assert until(lambda: not (room.mounts() or room.disks() or room.processes()), 10)
    assert sorted(file.stem for file in (room.home / "learners").glob("*.ext4")) == sorted(
        [*NAMES, cards.INSTRUCTOR]
    )
    assert reached_here([("127.0.0.1", room.port)]) == []


def test_what_a_person_can_cure_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No root, a port that is taken, a key without certificate, no engine, no room on the disk, bad names."""
    monkeypatch.setenv("COURSE_ROOM", str(tmp_path))
    wish = opening.Wish("2", 0, "127.0.0.1", [], "2G", 2.0, [], tmp_path / "cards.html", False, "", "", "")

    def refused(**changed: object) -> str:
        with pytest.raises(Exception) as caught:
            opening.check_machine(opening.Wish(**vars(wish) | changed))
        return str(caught.value)

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(state.RoomError, match="PORT="):
        opening.check_port(opening.Wish(**vars(wish) | {"port": taken.getsockname()[1]}))
    assert "CERT= and KEY=" in refused(cert="/etc/hostname")
    assert "PEM" in refused(cert="/nowhere", key="/nowhere")
    with pytest.raises(state.RoomError, match="GB are free"):
        opening.check_room(10**6, [])
    with pytest.raises(state.RoomError, match="LEARNERS=20"):
        opening.names(opening.Wish(**vars(wish) | {"learners": ""}))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "root" in refused()
