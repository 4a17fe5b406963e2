"""What the local ECR keeps, through kill -9, restarts and many clients at once, in little memory."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ecr_parts import Docker, Front, digest_of, noise, running

pytestmark = pytest.mark.fetches  # the registry program may have to come from Debian

MIB = 2**20


def store_bytes(front: Front) -> int:
    """How much the layers and manifests take."""
    blobs = front.folder / "ecr/store/docker/registry/v2/blobs"
    return sum(file.stat().st_size for file in blobs.rglob("data"))


def test_what_was_confirmed_is_there_after_kill_9(tmp_path: Path) -> None:
    """Repositories, users, tags, push times and logins; after each of several kills."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="kept", imageTagMutability="IMMUTABLE")
        docker = Docker(front, front.login(front.user("ana", "PowerUser")), "kept")
        for number in range(4):
            digest = docker.push(f"v{number}", f"image {number}".encode())
            front.end(signal.SIGKILL)
            front.start()
            assert docker.ask("GET", f"manifests/v{number}").headers["docker-content-digest"] == digest
        details = front.client().describe_images(repositoryName="kept")["imageDetails"]
        assert sorted(tag for row in details for tag in row["imageTags"]) == ["v0", "v1", "v2", "v3"]
        assert docker.put("v0", docker.image(b"other")).status == 400, "still immutable"
        assert "could not free space" not in front.log


def test_killed_in_the_middle_of_a_layer_nothing_is_half_there(tmp_path: Path) -> None:
    """The layer isn't, the image isn't, and the push works when it is done again."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="half")
        docker, content = Docker(front, front.login(), "half"), noise(8 * MIB, 1)
        where = docker.ask("POST", "blobs/uploads/").headers["location"]
        head = f"PATCH {where} HTTP/1.1\r\nHost: x\r\nAuthorization: {docker.login['Authorization']}\r\n"
        with socket.create_connection(("localhost", front.port)) as line:
            line.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content[: 5 * MIB])
            front.end(signal.SIGKILL)
        front.start()
        assert docker.ask("HEAD", f"blobs/{digest_of(content)}").status == 404
        assert docker.ask("GET", "tags/list").body == b'{"name": "half", "tags": []}'
        digest = docker.push("v1", content)
        assert docker.ask("HEAD", "manifests/v1").headers["docker-content-digest"] == digest


def test_a_client_that_goes_away_leaves_no_layer(tmp_path: Path) -> None:
    """Half of a body doesn't count as the whole, also where its length isn't said."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="gone")
        docker = Docker(front, front.login(), "gone")
        where = docker.ask("POST", "blobs/uploads/").headers["location"]
        head = f"PATCH {where} HTTP/1.1\r\nHost: x\r\nAuthorization: {docker.login['Authorization']}\r\n"
        front.raw(f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n".encode())
        done = front.ask("PUT", f"{where}&digest={digest_of(b'abcde')}", docker.login)
        assert done.status != 201
        assert docker.ask("HEAD", f"blobs/{digest_of(b'abcde')}").status == 404


def test_a_wrong_digest_is_refused(tmp_path: Path) -> None:
    """The registry compares what came with what was promised."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="wrong")
        docker = Docker(front, front.login(), "wrong")
        where = docker.ask("POST", "blobs/uploads/").headers["location"]
        done = front.ask("PUT", f"{where}&digest={digest_of(b'promised')}", docker.login, b"sent")
        assert done.error[:2] == (400, "DIGEST_INVALID")


def test_a_restart_frees_what_was_deleted_and_only_that(tmp_path: Path) -> None:
    """An image, and a whole repository; a layer that another image still has stays."""
    with running(tmp_path / "ecr") as front:
        ecr = front.client()
        for name in ("stays", "goes"):
            ecr.create_repository(repositoryName=name)
        stays, goes = (Docker(front, front.login(), name) for name in ("stays", "goes"))
        digest = stays.push("v1", noise(MIB, 1))
        stays.push("v2", noise(2 * MIB, 2))
        goes.push("v1", noise(MIB, 1))
        goes.push("v2", noise(4 * MIB, 3))
        ecr.batch_delete_image(repositoryName="stays", imageIds=[{"imageTag": "v2"}])
        ecr.delete_repository(repositoryName="goes", force=True)
        assert store_bytes(front) > 7 * MIB
        front.end()
        front.start()
        assert store_bytes(front) < 2 * MIB
        assert "could not free space" not in front.log
        manifest = stays.ask("GET", "manifests/v1")
        assert digest_of(manifest.body) == digest
        layer = json.loads(manifest.body)["layers"][0]["digest"]
        assert digest_of(stays.ask("GET", f"blobs/{layer}").body) == layer
        assert stays.push("v2", noise(2 * MIB, 2)), "what was freed can come back"


def at_once(number: int, act: Callable[[int], object]) -> list[object]:
    """What each of *number* threads gets that begin together."""
    begin = threading.Barrier(number)

    def wait_and(which: int) -> object:
        begin.wait()
        return act(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(wait_and, range(number)))


def test_of_pushes_to_one_immutable_tag_one_wins(tmp_path: Path) -> None:
    """Whoever it is, the tag is theirs and the others are told."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="race", imageTagMutability="IMMUTABLE")
        docker = Docker(front, front.login(), "race")
        manifests = [docker.image(f"image {number}".encode()) for number in range(8)]
        got = at_once(8, lambda number: docker.put("v1", manifests[number]).status)
        assert sorted(str(status) for status in got) == ["201"] + ["400"] * 7
        assert docker.ask("GET", "manifests/v1").body == manifests[got.index(201)]


def test_deleting_and_pushing_at_once_never_leaves_a_row_without_its_manifest(tmp_path: Path) -> None:
    """What is listed can be fetched."""
    with running(tmp_path / "ecr") as front:
        ecr = front.client()
        ecr.create_repository(repositoryName="cross")
        docker = Docker(front, front.login(), "cross")
        manifest = docker.image(b"cross")
        by_digest = [{"imageDigest": digest_of(manifest)}]

        def act(which: int) -> None:
            for _ in range(5):
                if which % 2:
                    ecr.batch_delete_image(repositoryName="cross", imageIds=by_digest)
                else:
                    assert docker.put(f"v{which}", manifest).status == 201

        at_once(6, act)
        listed = bool(ecr.list_images(repositoryName="cross")["imageIds"])
        assert docker.ask("GET", f"manifests/{digest_of(manifest)}").status == (200 if listed else 404)
        assert docker.put("v9", manifest).status == 201
        assert docker.ask("GET", "manifests/v9").body == manifest


def test_twenty_pulls_at_once_are_all_right(tmp_path: Path) -> None:
    """Every byte of every one."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="pulls")
        docker = Docker(front, front.login(), "pulls")
        docker.push("v1", noise(4 * MIB, 1))
        layer = json.loads(docker.ask("GET", "manifests/v1").body)["layers"][0]["digest"]
        assert at_once(20, lambda _: digest_of(docker.ask("GET", f"blobs/{layer}").body)) == [layer] * 20
        part = docker.ask("GET", f"blobs/{layer}", Range="bytes=100-199")
        assert (part.status, part.headers["content-range"][:14]) == (206, "bytes 100-199/")
        assert len(part.body) == 100


def test_layers_pass_through_without_being_held(tmp_path: Path) -> None:
    """Pushing and pulling 100 MB takes the front no 40 MB more memory."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="big")
        docker = Docker(front, front.login(), "big")
        docker.push("v1", b"warm")
        assert front.process is not None
        before = peak(front.process.pid)
        layer = docker.blob(noise(100 * MIB, 1))
        assert digest_of(docker.ask("GET", f"blobs/{layer}").body) == layer
        assert peak(front.process.pid) - before < 40 * MIB


def peak(pid: int) -> int:
    """The most memory that a process has ever had, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def test_the_front_ends_when_the_registry_behind_it_does(tmp_path: Path) -> None:
    """So that whoever watches the container sees it, and starts both again."""
    with running(tmp_path / "ecr") as front:
        assert front.process is not None
        children = Path(f"/proc/{front.process.pid}/task/{front.process.pid}/children").read_text().split()
        assert len(children) == 1
        os.kill(int(children[0]), signal.SIGKILL)
        assert front.process.wait(20) == 1
        assert "The registry behind the front has ended." in front.log


def test_the_log_names_what_was_asked_and_not_every_refusal_twice(tmp_path: Path) -> None:
    """The registry behind calls a layer that isn't there yet an error; a push asks for each of them."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="log")
        docker = Docker(front, front.login(), "log")
        assert docker.ask("HEAD", f"blobs/{digest_of(b'none')}").status == 404
        front.end()
        assert f"HEAD /v2/log/blobs/{digest_of(b'none')} 404" in front.log
        assert "level=error" not in front.log and "/healthz" not in front.log


def test_a_registry_that_does_not_start_says_why(tmp_path: Path) -> None:
    """Its own words reach the log, and the front ends."""
    front = Front(tmp_path / "ecr")
    (tmp_path / "ecr/bin/registry").unlink()
    (tmp_path / "ecr/bin/registry").write_text("#!/bin/sh\necho no space, says the registry; exit 1\n")
    (tmp_path / "ecr/bin/registry").chmod(0o755)
    with pytest.raises(AssertionError, match="no start"):
        front.start()
    assert front.process is not None and front.process.wait(10) == 1
    assert "no space, says the registry" in front.log and "did not start" in front.log


def test_a_stop_is_quick_and_clean(tmp_path: Path) -> None:
    """SIGTERM ends both with code 0."""
    with running(tmp_path / "ecr") as front:
        assert front.end() == 0
        assert not front.is_healthy()
