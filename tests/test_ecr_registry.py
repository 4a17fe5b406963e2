"""Registry v2 at the local ECR, where docker doesn't go: what an OCI conformance suite found, kept true."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ecr_parts import DOCKER, LAYER, LIST, Docker, Front, Got, digest_of, noise, running

pytestmark = pytest.mark.fetches  # the registry program may have to come from Debian

FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
ABSENT = digest_of(b"nobody has it")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One local ECR, which never takes a client's fault for one of the registry behind it."""
    with running(tmp_path_factory.mktemp("ecr")) as made:
        yield made
        assert "behind the front" not in made.log and "failed" not in made.log, made.log


def repository(front: Front, name: str) -> Docker:
    """A new repository."""
    front.client().create_repository(repositoryName=name)
    return Docker(front, front.login(), name)


def chunk(docker: Docker, place: str, content: bytes, begin: int, method: str = "PATCH") -> Got:
    """Send *content* as the bytes of a layer from *begin* on."""
    said = {"Content-Range": f"{begin}-{begin + len(content) - 1}"}
    return docker.front.ask(method, place, docker.login | said, content)


def test_chunks_make_a_layer_only_in_their_order(front: Front) -> None:
    """One that skips ahead or comes again is refused; then it goes on from where it was."""
    docker = repository(front, "chunks")
    layer, places = noise(3000, 1), [docker.ask("POST", "blobs/uploads/").headers["location"]]
    for begin, wrong in ((0, 1000), (1000, 0), (2000, 1000)):
        refused = chunk(docker, places[-1], layer[wrong : wrong + 1000], wrong)
        assert refused.error[:2] == (416, "BLOB_UPLOAD_INVALID")
        where = front.ask("GET", places[-1], docker.login)
        assert where.status == 204 and where.headers["range"] == f"0-{max(begin - 1, 0)}"
        taken = chunk(docker, where.headers["location"], layer[begin : begin + 1000], begin)
        assert taken.status == 202, taken.body
        places.append(taken.headers["location"])
    done = front.ask("PUT", f"{places[-1]}&digest={digest_of(layer)}", docker.login)
    assert done.status == 201
    assert docker.ask("GET", f"blobs/{digest_of(layer)}").body == layer


def test_the_last_chunk_may_come_with_the_end_but_not_out_of_order(front: Front) -> None:
    """PUT may carry bytes; what its range says counts there too, and nonsense is no range."""
    docker, layer = repository(front, "last"), noise(2000, 2)
    place = docker.ask("POST", "blobs/uploads/").headers["location"]
    place = chunk(docker, place, layer[:1000], 0).headers["location"]
    end = f"{place}&digest={digest_of(layer)}"
    assert chunk(docker, end, layer[:1000], 0, "PUT").status == 416
    assert front.ask("PATCH", place, docker.login | {"Content-Range": "bytes */9"}, b"x").status == 416
    assert chunk(docker, end, layer[1000:], 1000, "PUT").status == 201


def test_an_image_is_deleted_by_its_digest(front: Front) -> None:
    """With its tags; a tag alone isn't, which an OCI registry may refuse."""
    docker = repository(front, "deleted")
    digest = docker.push("v1", b"one")
    other = docker.push("v2", b"two")
    docker.put("v1.0", docker.ask("GET", "manifests/v1").body)
    status, code, _ = docker.ask("DELETE", "manifests/v1").error
    assert (status, code) == (405, "UNSUPPORTED")
    assert docker.ask("DELETE", f"manifests/{digest}").status == 202
    for reference in ("v1", "v1.0", digest):
        assert docker.ask("GET", f"manifests/{reference}").error[:2] == (404, "MANIFEST_UNKNOWN")
    assert docker.ask("DELETE", f"manifests/{digest}").error[:2] == (404, "MANIFEST_UNKNOWN")
    ids = front.client().list_images(repositoryName="deleted")["imageIds"]
    assert ids == [{"imageDigest": other, "imageTag": "v2"}]


def test_deleting_is_a_right_of_its_own(front: Front) -> None:
    """Who may push may not; a layer alone is deleted by nobody."""
    docker = repository(front, "kept")
    digest = docker.push("v1", b"kept")
    layer = json.loads(docker.ask("GET", "manifests/v1").body)["layers"][0]["digest"]
    pusher = Docker(front, front.login(front.user("pusher", "PowerUser")), "kept")
    assert pusher.ask("DELETE", f"manifests/{digest}").error[:2] == (403, "DENIED")
    assert docker.ask("DELETE", f"blobs/{layer}").error[:2] == (405, "UNSUPPORTED")
    assert docker.ask("GET", f"blobs/{layer}").status == 200


def test_a_part_is_not_deleted_before_its_index(front: Front) -> None:
    """The index is named; when it is gone the part can go."""
    docker = repository(front, "index")
    part = docker.image(b"part")
    docker.put(digest_of(part), part)
    entry = {"mediaType": DOCKER, "size": len(part), "digest": digest_of(part)}
    whole = json.dumps({"schemaVersion": 2, "mediaType": LIST, "manifests": [entry]}).encode()
    assert docker.put("all", whole, LIST).status == 201
    status, code, words = docker.ask("DELETE", f"manifests/{digest_of(part)}").error
    assert (status, code) == (400, "DENIED") and digest_of(whole) in words
    assert docker.ask("DELETE", f"manifests/{digest_of(whole)}").status == 202
    assert docker.ask("DELETE", f"manifests/{digest_of(part)}").status == 202


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schemaVersion": 1}, "schemaVersion must be 2"),
        ({"config": {"mediaType": "x", "size": 1}}, "sha256 digest"),
        ({"layers": [{"mediaType": LAYER, "size": 1, "digest": "sha256:zz"}]}, "sha256 digest"),
        ({"layers": [{"mediaType": FOREIGN, "size": 1, "digest": ABSENT}]}, "http or https"),
        ({"layers": [{"mediaType": FOREIGN, "size": 1, "digest": ABSENT, "urls": ["ftp://x/y"]}]}, "https"),
        ({"layers": [{"mediaType": FOREIGN, "size": 1, "digest": ABSENT, "urls": "http://x/y"}]}, "https"),
    ],
)
def test_a_wrong_manifest_is_the_client_s_fault(front: Front, change: dict[str, Any], words: str) -> None:
    """The registry behind answers these with a 500, as if they were its own."""
    name = f"wrong/{digest_of(repr(change).encode())[7:20]}"
    docker = repository(front, name)
    manifest = json.dumps(json.loads(docker.image(b"wrong")) | change).encode()
    status, code, said = docker.put("v1", manifest).error
    assert (status, code) == (405, "UNSUPPORTED") and words in said
    assert front.client().list_images(repositoryName=name)["imageIds"] == []


def test_a_layer_may_be_elsewhere(front: Front) -> None:
    """Its manifest says where, and comes back as it was sent."""
    docker = repository(front, "elsewhere")
    told = json.loads(docker.image(b"here"))
    place = ["https://example.test/layers/1"]
    told["layers"].append({"mediaType": FOREIGN, "size": 5, "digest": ABSENT, "urls": place})
    manifest = json.dumps(told).encode()
    assert docker.put("v1", manifest).status == 201
    assert docker.ask("GET", "manifests/v1").body == manifest
