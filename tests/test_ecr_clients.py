"""The local ECR with clients besides docker and aws: skopeo, which is Debian's in a container, and buildx."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from ecr_parts import ACCOUNT, ADMIN, POLICY, REGION, Key
from ecr_room import Room, a_registry, cleared, second_image
from image_runs import container, have, inside, packed, unique

from course import engine
from course.kit import recipes, site_ca
from course.kit.manifest import Image

if TYPE_CHECKING:
    from docker.models.containers import Container
    from docker.models.images import Image as BuiltImage

pytestmark = pytest.mark.fetches  # skopeo comes from Debian

BASE = "debian:trixie-slim"
WITH_SKOPEO = f"""\
FROM {BASE}
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends skopeo \\
 && rm -rf /var/lib/apt/lists/*
"""
# Beside the registry it is at port 5000, and speaks HTTP.
HOST = "localhost:5000"
PLAIN = f'[[registry]]\nlocation = "{HOST}"\ninsecure = true\n'
FOR_ONE = """\
FROM scratch
ARG TARGETARCH
LABEL for=$TARGETARCH
COPY Dockerfile /file
CMD ["/file"]
"""
OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A registry, and the account's own terminal, logged in; the names it gave to images go with it."""
    with a_registry() as run:
        made = Room(run, tmp_path_factory.mktemp("home"))
        with cleared(made):
            made.login()
            yield made


@pytest.fixture(scope="module")
def skopeo_image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltImage]:
    """An image with Debian's skopeo, built as the kit builds its own, that goes with the tests."""
    have(BASE)
    recipe, tag = tmp_path_factory.mktemp("skopeo"), f"{unique('skopeo')}:1"
    (recipe / "Dockerfile").write_text(WITH_SKOPEO)
    image = Image(tag, None, recipe, (), (), "a test's own image")
    recipes.build(image, site_ca=site_ca.chosen(), progress=lambda step: None)
    yield engine.client().images.get(tag)
    engine.client().images.remove(tag)


@dataclass
class Skopeo:
    """Skopeo beside the registry, with a login of its own."""

    run: Container

    def __call__(self, words: str, code: int = 0) -> str:
        """What `skopeo` says."""
        return inside(self.run, "sh", "-c", f"skopeo {words}", code=code).strip()

    def login(self, room: Room, key: Key = ADMIN) -> None:
        """Log in as AWS's guide has it done with docker."""
        (data,) = api(room, key=key).get_authorization_token()["authorizationData"]
        user, _, token = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        self.run.put_archive("/", packed({"/token": token}))
        said = self(f"login --username {user} --password-stdin {HOST} < /token")
        assert said == "Login Succeeded!"

    def asks(self, words: str) -> Any:
        """What it answers in JSON."""
        return json.loads(self(words))


@pytest.fixture
def skopeo(skopeo_image: BuiltImage, room: Room) -> Iterator[Skopeo]:
    """Skopeo, nobody logged in."""
    files = {"/etc/containers/registries.conf.d/plain.conf": PLAIN}
    options: dict[str, Any] = {"network_mode": f"container:{room.run.id}", "init": True}
    with container(skopeo_image, "sleep", "infinity", files=files, **options) as run:
        yield Skopeo(run)


def api(room: Room, service: str = "ecr", key: Key = ADMIN) -> Any:
    """AWS's API there."""
    return boto3.client(
        service, endpoint_url=f"http://{room.host}", region_name=REGION,
        aws_access_key_id=key[0], aws_secret_access_key=key[1],
    )  # fmt: skip


def user(room: Room, name: str, policy: str) -> Key:
    """A key of a new user."""
    iam = api(room, "iam")
    iam.create_user(UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=POLICY + policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def digests(room: Room, name: str) -> dict[str, str]:
    """The digest of each tag in a repository; of what has none, under itself."""
    ids = api(room).list_images(repositoryName=name)["imageIds"]
    return {row.get("imageTag", row["imageDigest"]): row["imageDigest"] for row in ids}


def pushed(room: Room, name: str, *tags: str) -> str:
    """A new repository with one image under these tags; gives its digest."""
    api(room).create_repository(repositoryName=name)
    for tag in tags:
        room.types(f"docker push {room.image(f'{name}:{tag}')}")
    return digests(room, name)[tags[0]]


def test_skopeo_sees_what_docker_pushed(room: Room, skopeo: Skopeo) -> None:
    """The digest is docker's, and every tag is listed."""
    digest = pushed(room, "seen", "v1", "v2")
    skopeo.login(room)
    told = skopeo.asks(f"inspect docker://{HOST}/seen:v1")
    assert (told["Digest"], told["RepoTags"]) == (digest, ["v1", "v2"])
    assert skopeo.asks(f"list-tags docker://{HOST}/seen")["Tags"] == ["v1", "v2"]
    assert skopeo.asks(f"inspect docker://{HOST}/seen@{digest}")["Layers"] == told["Layers"]


def test_skopeo_copies_between_repositories_and_through_a_folder(room: Room, skopeo: Skopeo) -> None:
    """Straight, the digest stays; through an OCI folder the manifest is another, and the layers the same."""
    digest = pushed(room, "from", "v1")
    api(room).create_repository(repositoryName="to")
    skopeo.login(room)
    skopeo(f"copy docker://{HOST}/from:v1 docker://{HOST}/to:straight")
    skopeo(f"copy docker://{HOST}/from:v1 oci:/folder:v1")
    skopeo(f"copy oci:/folder:v1 docker://{HOST}/to:oci")
    found = digests(room, "to")
    assert found["straight"] == digest != found["oci"]
    (image,) = api(room).describe_images(repositoryName="to", imageIds=[{"imageTag": "oci"}])["imageDetails"]
    assert image["imageManifestMediaType"] == OCI
    pulled = f"{room.host}/to:oci"
    room.made.append(pulled)
    room.types(f"docker pull {pulled}")
    layers = room.types(f"docker inspect --format '{{{{.RootFS.Layers}}}}' {pulled} {room.host}/from:v1")
    assert len(set(layers.splitlines())) == 1


def test_skopeo_without_a_login_gets_nothing(room: Room, skopeo: Skopeo) -> None:
    """Without one it sends an empty one. And where no repository is, nothing is copied to."""
    pushed(room, "closed", "v1")
    assert "denied: Bad Request" in skopeo(f"inspect docker://{HOST}/closed:v1", 1)
    assert "denied: Bad Request" in skopeo(f"inspect --creds AWS:wrong docker://{HOST}/closed:v1", 1)
    skopeo.login(room)
    said = skopeo(f"copy docker://{HOST}/closed:v1 docker://{HOST}/none:v1", 1)
    assert "name unknown: The repository with name 'none' does not exist" in said


@pytest.mark.parametrize("policy", ["ReadOnly", "PowerUser"])
def test_skopeo_deletes_nothing_without_the_right(room: Room, skopeo: Skopeo, policy: str) -> None:
    """Who may read, or push, is told which right is missing; the image stays."""
    name = f"stays/{policy.lower()}"
    digest = pushed(room, name, "v1")
    skopeo.login(room, user(room, policy, policy))
    said = skopeo(f"delete docker://{HOST}/{name}:v1", 1)
    assert (
        f"user/{policy} is not authorized to perform: ecr:BatchDeleteImage on resource: "
        f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{name}"
    ) in said
    assert skopeo.asks(f"inspect docker://{HOST}/{name}:v1")["Digest"] == digest


def test_skopeo_deletes_an_image_with_its_tags(room: Room, skopeo: Skopeo) -> None:
    """Named by one of them; the other image stays."""
    digest = pushed(room, "gone", "v1", "v2")
    room.types(f"docker push {second_image(room, 'gone:other')}")
    skopeo.login(room, user(room, "full", "FullAccess"))
    skopeo(f"delete docker://{HOST}/gone:v1")
    assert skopeo.asks(f"list-tags docker://{HOST}/gone")["Tags"] == ["other"]
    assert "manifest unknown" in skopeo(f"inspect docker://{HOST}/gone@{digest}", 2)
    assert digests(room, "gone").keys() == {"other"}


def context(folder: Path) -> Path:
    """A folder to build from."""
    (folder / "Dockerfile").write_text(FOR_ONE)
    return folder


def two_platforms(room: Room, name: str, folder: Path) -> str:
    """A new repository with images for two processors that buildx built and pushed, and an index of both."""
    api(room).create_repository(repositoryName=name)
    parts = [f"{room.host}/{name}:{processor}" for processor in ("amd64", "arm64")]
    whole = f"{room.host}/{name}:both"
    room.made += [*parts, whole]
    for part in parts:
        platform = f"linux/{part.rpartition(':')[2]}"
        room.types(f"docker buildx build --push --platform {platform} --tag {part} {context(folder)}")
    room.types(f"docker buildx imagetools create --tag {whole} {' '.join(parts)}")
    return whole


def test_buildx_pushes_what_it_builds_and_an_index_of_it(room: Room, tmp_path: Path) -> None:
    """The index names both parts as they were pushed, and a pull for either processor gives its part."""
    whole = two_platforms(room, "both", tmp_path)
    shown = json.loads(room.types(f"docker buildx imagetools inspect --raw {whole}"))
    named = {part["platform"]["architecture"]: part["digest"] for part in shown["manifests"]}
    found = digests(room, "both")
    assert found == {**named, "both": found["both"]}
    assert f"Digest:    {found['both']}" in room.types(f"docker buildx imagetools inspect {whole}")
    room.types(f"docker rmi {room.host}/both:amd64 {room.host}/both:arm64")
    for processor in named:
        room.types(f"docker pull --platform linux/{processor} {whole}")
        label = '{{index .Config.Labels "for"}} {{.Architecture}}'
        assert room.types(f"docker inspect --format '{label}' {whole}") == f"{processor} {processor}"


def test_skopeo_copies_an_index_with_its_parts(room: Room, skopeo: Skopeo, tmp_path: Path) -> None:
    """Every digest stays; a part isn't deleted while the index names it, and after it, it is."""
    two_platforms(room, "parts", tmp_path)
    api(room).create_repository(repositoryName="copied")
    skopeo.login(room)
    skopeo(f"copy --all docker://{HOST}/parts:both docker://{HOST}/copied:both")
    raw = skopeo(f"inspect --raw docker://{HOST}/copied:both")
    assert raw == skopeo(f"inspect --raw docker://{HOST}/parts:both")
    parts = [part["digest"] for part in json.loads(raw)["manifests"]]
    assert digests(room, "copied").keys() == {"both", *parts}
    said = skopeo(f"delete docker://{HOST}/copied@{parts[0]}", 1)
    assert "Requested image referenced by manifest list" in said
    for reference in (":both", f"@{parts[0]}", f"@{parts[1]}"):
        skopeo(f"delete docker://{HOST}/copied{reference}")
    assert digests(room, "copied") == {}


def test_buildx_without_a_login_or_a_repository_is_refused(room: Room, tmp_path: Path) -> None:
    """In the words that docker push gets."""
    name = f"{room.host}/nowhere:v1"
    room.made.append(name)
    build = f"docker buildx build --push --tag {name} {context(tmp_path)}"
    words = f"The repository with name 'nowhere' does not exist in the registry with id '{ACCOUNT}'"
    assert words in room.types(build, 1)
    nobody = Room(room.run, tmp_path)
    assert "no basic auth credentials" in nobody.types(build, 1)
