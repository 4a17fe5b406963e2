"""The local ECR as a learner meets it: the image on an engine, with the real `aws` and docker commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ecr_parts import ACCOUNT, ADMIN, REGION
from ecr_room import REFUSED, SMALL, TAG, WITHIN_SECONDS, Room, a_registry, cleared, second_image
from image_runs import have, inside, logged, unique

from course import engine, places

if TYPE_CHECKING:
    from docker.models.containers import Container

EXPIRED = "denied: Your authorization token has expired. Reauthenticate and try again."


@pytest.fixture(scope="module")
def registry() -> Iterator[Container]:
    """One registry for the tests of this file; each has repositories of its own."""
    with a_registry() as run:
        yield run


@pytest.fixture
def room(registry: Container, tmp_path: Path) -> Iterator[Room]:
    """The account's own terminal; the names it gave to images go with it."""
    made = Room(registry, tmp_path)
    with cleared(made):
        yield made


def test_a_push_and_what_aws_then_says_of_it(room: Room) -> None:
    """The digest is docker's, the size that of the layers, the URI the name to push to."""
    uri = room.asks("ecr create-repository --repository-name work/push")["repository"]["repositoryUri"]
    assert uri == f"{room.host}/work/push"
    assert "Login Succeeded" in room.login()
    name = room.image("work/push:v1")
    said = room.types(f"docker push {name}")
    room.types(f"docker tag {name} {uri}:v1.0.0 && docker push {uri}:v1.0.0")
    room.made.append(f"{uri}:v1.0.0")
    (detail,) = room.asks("ecr describe-images --repository-name work/push")["imageDetails"]
    assert f"v1: digest: {detail['imageDigest']} size: " in said
    assert room.types(f"docker inspect --format '{{{{index .RepoDigests 0}}}}' {name}").endswith(
        detail["imageDigest"]
    )
    assert detail["imageTags"] == ["v1", "v1.0.0"]
    (image,) = room.asks("ecr batch-get-image --repository-name work/push --image-ids imageTag=v1")["images"]
    layers = json.loads(image["imageManifest"])["layers"]
    assert detail["imageSizeInBytes"] == sum(layer["size"] for layer in layers)


def test_a_pull_gives_the_image_back(room: Room) -> None:
    """By tag and by digest, and one tag's end is not the other's."""
    room.aws("ecr create-repository --repository-name work/pull")
    room.login()
    name = second_image(room, "work/pull:v1")
    identity = room.types(f"docker inspect --format '{{{{.Id}}}}' {name}")
    room.types(f"docker push {name}; docker tag {name} {name}.1; docker push {name}.1")
    (detail,) = room.asks("ecr describe-images --repository-name work/pull")["imageDetails"]
    room.types(f"docker rmi {name} {name}.1")
    gone = room.asks("ecr batch-delete-image --repository-name work/pull --image-ids imageTag=v1.1")
    assert [row["imageTag"] for row in gone["imageIds"]] == ["v1.1"]
    assert "manifest unknown: Requested image not found" in room.types(f"docker pull {name}.1", 1)
    room.types(f"docker pull {name}")
    assert room.types(f"docker inspect --format '{{{{.Id}}}}' {name}") == identity
    by_digest = f"{room.host}/work/pull@{detail['imageDigest']}"
    assert detail["imageDigest"] in room.types(f"docker pull {by_digest}")


def test_without_a_login_nothing_is_pushed_or_pulled(room: Room) -> None:
    """Docker's own words for it; a wrong password is a bad request."""
    room.aws("ecr create-repository --repository-name work/closed")
    name = room.image("work/closed:v1")
    assert "no basic auth credentials" in room.types(f"docker push {name}", 1)
    assert "no basic auth credentials" in room.types(f"docker pull {name}", 1)
    login = f"echo wrong | docker login --username AWS --password-stdin {room.host}"
    assert "400 Bad Request" in room.types(login, 1)


def test_a_repository_must_be_there_before_the_push(room: Room) -> None:
    """Its name and the account's number are in the error."""
    room.login()
    said = room.types(f"docker push {room.image('work/none:v1')}", 1)
    words = f"The repository with name 'work/none' does not exist in the registry with id '{ACCOUNT}'"
    assert f"name unknown: {words}" in said


def test_an_immutable_tag_is_not_pushed_twice(room: Room) -> None:
    """Another image under the tag is refused in ECR's words; the first one stays."""
    room.aws("ecr create-repository --repository-name work/fixed --image-tag-mutability IMMUTABLE")
    room.login()
    name = room.image("work/fixed:v1")
    room.types(f"docker push {name}")
    before = room.asks("ecr describe-images --repository-name work/fixed")
    said = room.types(f"docker push {second_image(room, 'work/fixed:v1')}", 1)
    assert (
        "tag invalid: The image tag 'v1' already exists in the 'work/fixed' repository "
        "and cannot be overwritten because the tag is immutable."
    ) in said
    assert room.asks("ecr describe-images --repository-name work/fixed") == before


def test_a_pull_only_user_can_not_push(room: Room, tmp_path: Path) -> None:
    """What is missing is named: the user, the right, the repository."""
    room.aws("ecr create-repository --repository-name work/read")
    room.login()
    name = room.image("work/read:v1")
    room.types(f"docker push {name}")
    reader = room.user("work-reader", tmp_path / "reader", "ReadOnly")
    reader.home.mkdir()
    reader.login()
    reader.types(f"docker pull {name}")
    said = reader.types(f"docker push {second_image(room, 'work/read:v2')}", 1)
    assert re.search(
        rf"denied: User: arn:aws:iam::{ACCOUNT}:user/work-reader is not authorized to perform: "
        rf"ecr:InitiateLayerUpload on resource: arn:aws:ecr:{REGION}:{ACCOUNT}:repository/work/read because",
        said,
    )
    said = reader.aws("ecr delete-repository --repository-name work/read --force", REFUSED)
    assert "An error occurred (AccessDeniedException) when calling the DeleteRepository operation" in said


def test_a_token_ends_after_12_hours(room: Room) -> None:
    """The clock is set ahead inside the registry's container; a new login opens it again."""
    room.aws("ecr create-repository --repository-name work/late")
    room.login()
    name = room.image("work/late:v1")
    room.types(f"docker push {name}")
    try:
        assert "+46800 s" in inside(room.run, "ecr-clock", "+13h")
        assert EXPIRED in room.types(f"docker push {name}", 1)
        assert EXPIRED in room.types(f"docker pull {name}", 1)
        room.login()
        room.types(f"docker pull {name}")
    finally:
        inside(room.run, "ecr-clock", "0")


def test_an_index_of_two_platforms(room: Room) -> None:
    """`docker manifest` makes one of two images and pushes it; a pull takes the part for this machine."""
    room.aws("ecr create-repository --repository-name work/many")
    room.login()
    parts = [room.image("work/many:one"), second_image(room, "work/many:two")]
    for part in parts:
        room.types(f"docker push {part}")
    whole = f"{room.host}/work/many:all"
    room.types(f"docker manifest create --insecure {whole} {' '.join(parts)}")
    room.types(f"docker manifest annotate --arch s390x {whole} {parts[1]}")
    digest = room.types(f"docker manifest push --insecure {whole}")
    (detail,) = room.asks("ecr describe-images --repository-name work/many --image-ids imageTag=all")[
        "imageDetails"
    ]
    assert detail["imageDigest"] == digest.splitlines()[-1]
    room.types(f"docker pull {whole}")
    room.made.append(whole)
    identities = room.types(f"docker inspect --format '{{{{.Id}}}}' {whole} {parts[0]}").split()
    assert identities[0] == identities[1]


def test_wrong_keys_are_told_apart(room: Room) -> None:
    """In the words that `aws` shows for AWS."""
    wrong = Room(room.run, room.home, (ADMIN[0], ADMIN[1][::-1]))
    said = wrong.aws("ecr describe-repositories", REFUSED)
    assert "(InvalidSignatureException)" in said and "does not match the signature you provided" in said
    nobody = Room(room.run, room.home, ("AKIAAAAAAAAAAAAAAAAA", ADMIN[1]))
    assert "(InvalidClientTokenId)" in nobody.aws("sts get-caller-identity", REFUSED)


def test_killed_in_the_middle_of_a_push_nothing_is_lost(tmp_path: Path) -> None:
    """What was there before is there after, and the push works when it is done again."""
    with a_registry() as run:
        room = Room(run, tmp_path)
        with cleared(room):
            room.aws("ecr create-repository --repository-name kept")
            room.login()
            first = room.image("kept:v1")
            room.types(f"docker push {first}")
            before = room.asks("ecr describe-images --repository-name kept")
            big = f"{room.host}/kept:big"
            files = f"FROM {SMALL}\\nRUN dd if=/dev/urandom of=/big bs=1M count=64 2>/dev/null"
            room.types(f"printf '{files}\\n' | docker build --quiet --tag {big} -")
            room.made.append(big)
            push = subprocess.Popen(
                ["docker", "push", big], env=room.environment(), stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            logged(r"POST /v2/kept/blobs/uploads/ 202", run)
            run.kill()
            push.kill()
            push.wait()
            run.start()
            logged("is ready on port 5000", run)
            moved = Room(run, tmp_path, made=room.made)
            assert moved.asks("ecr describe-images --repository-name kept") == before
            moved.login()
            again = f"{moved.host}/kept:big"
            moved.types(f"docker tag {big} {again} && docker push {again}")
            moved.made.append(again)
            assert len(moved.asks("ecr describe-images --repository-name kept")["imageDetails"]) == 2


def test_the_compose_file_starts_it_and_waits_until_it_is_healthy(tmp_path: Path) -> None:
    """On loopback only, not as root, nothing to write to but its volume; `down` and `up` keep the state."""
    have(TAG)
    file, project = places.images() / "ecr/compose.yaml", unique("ecr")
    compose = f"docker compose --file {file} --project-name {project}"
    room = Terminal({"ECR_LOCAL_PORT": "0", "ECR_ACCOUNT_ID": "210987654321"}, tmp_path)
    try:
        room.types(f"{compose} up --detach --wait")
        address = room.types(f"{compose} port ecr 5000")
        assert re.fullmatch(r"127\.0\.0\.1:\d+", address)
        assert room.aws(address, "sts get-caller-identity --query Account --output text") == "210987654321"
        room.aws(address, "ecr create-repository --repository-name stays")
        assert room.types(f"{compose} exec ecr id --user") == "501"
        assert "Read-only file system" in room.types(f"{compose} exec ecr touch /x", 1)
        room.types(f"{compose} down && {compose} up --detach --wait")
        address = room.types(f"{compose} port ecr 5000")
        named = "ecr describe-repositories --query repositories[].repositoryName --output text"
        assert room.aws(address, named) == "stays"
    finally:
        room.types(f"{compose} down --volumes")


@dataclass(frozen=True)
class Terminal:
    """A terminal with these variables set."""

    variables: Mapping[str, str]
    home: Path

    def types(self, line: str, code: int = 0) -> str:
        """What a line says."""
        env = {**os.environ, **engine.environment(), **self.variables}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line], env=env, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WITHIN_SECONDS,
        )  # fmt: skip
        assert done.returncode == code, f"{line} ended with {done.returncode}, not {code}:\n{done.stdout}"
        return done.stdout.strip()

    def aws(self, address: str, words: str) -> str:
        """What `aws` says, asked at *address*."""
        named = {
            "AWS_ENDPOINT_URL": f"http://{address}",
            "AWS_DEFAULT_REGION": REGION,
            "HOME": str(self.home),
        }
        named |= {"AWS_ACCESS_KEY_ID": ADMIN[0], "AWS_SECRET_ACCESS_KEY": ADMIN[1]}
        named["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        return Terminal({**self.variables, **named}, self.home).types(f"aws {words}")
