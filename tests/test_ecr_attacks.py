"""What the local ECR does with requests that mean ill: a clear 4xx, and nothing read or changed."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import string
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from ecr_parts import ADMIN, Docker, Front, basic, digest_of, noise, running, signed

pytestmark = pytest.mark.fetches  # the registry program may have to come from Debian

ROUNDS = 400
SECRET = b"what nobody may read without a login"


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """A local ECR with an image; all is as it was when the attacks are over, without a fault in its log."""
    with running(tmp_path_factory.mktemp("ecr")) as made:
        made.client().create_repository(repositoryName="safe", imageTagMutability="IMMUTABLE")
        Docker(made, made.login(), "safe").push("v1", SECRET)
        made.user("reader", "ReadOnly")
        before = everything(made)
        yield made
        assert everything(made) == before
        assert "failed" not in made.log and "Traceback" not in made.log, made.log[-3000:]


def everything(front: Front) -> dict[str, Any]:
    """All that the API shows."""
    ecr, iam = front.client(), front.client("iam")
    return {
        "repositories": ecr.describe_repositories()["repositories"],
        "images": [{k: v for k, v in row.items() if k != "lastRecordedPullTime"} for row in
                   ecr.describe_images(repositoryName="safe")["imageDetails"]],
        "users": iam.list_users()["Users"],
        "policies": iam.list_attached_user_policies(UserName="reader")["AttachedPolicies"],
        "keys": len(iam.list_access_keys(UserName="reader")["AccessKeyMetadata"]),
    }  # fmt: skip


def statuses(raw: bytes) -> list[int]:
    """The status of each answer in *raw*."""
    return [int(found) for found in re.findall(rb"^HTTP/1\.1 (\d{3}) ", raw, re.MULTILINE)]


def harmless(raw: bytes) -> bool:
    """Whether every answer is a 4xx, there is one, and nothing of the registry's content is in it."""
    found = statuses(raw)
    return bool(found) and all(400 <= status < 500 for status in found) and SECRET not in raw


METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "BREW"]
PLACES = [
    "/", "/v2/", "/v2", "/v2/_catalog", "/v2/safe/tags/list", "/v2/safe/manifests/v1",
    "/v2/safe/blobs/uploads/", "/v2/safe/manifests/" + digest_of(b"x"), "/v2/safe/blobs/" + digest_of(SECRET),
    "/debug/vars", "/debug/pprof/", "/metrics", "/healthz/../v2/", "/v2/../debug/vars",
    "/v2/%2e%2e/debug/vars", "/v2/safe/../safe/manifests/v1", "//v2/safe/manifests/v1",
    "/v2//safe/manifests/v1", "/v2/safe//manifests/v1", "/v2/safe/manifests/v1/", "/v2/safe%2fmanifests/v1",
    "/v2/safe/manifests/%76%31", "/V2/safe/manifests/v1", "/v2;/safe/manifests/v1",
    "/v2/safe/manifests/v1?x=../..", "/v2/safe/blobs/uploads/../../manifests/v1", "/.env",
    "/v2/safe/blobs/data", "/v2/r0/manifests/v1", "/v2/\\..\\safe",
    "/v2/safe/referrers/" + digest_of(b"x"), "/?Action=ListUsers",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_without_a_login_no_place_gives_anything(front: Front, place: str) -> None:
    """By no method."""
    for method in METHODS:
        got = front.ask(method, place.replace("\\", "%5c")) if method != "CONNECT" else None
        if got is not None:
            assert 400 <= got.status < 500, (method, place, got.status)
            assert SECRET not in got.body


def words(chance: random.Random) -> str:
    """A word that attackers like, or one of nonsense."""
    known = [
        "..", ".", "%2e%2e", "%2f", "%00", "safe", "v1", "manifests", "blobs", "uploads", "tags", "list",
        "_catalog", "debug", "vars", "r", digest_of(SECRET), "sha256:", "*", "~", "$(id)", "';--", "\x7f",
        "@", "?", "#", ":", "é",
    ]  # fmt: skip
    return chance.choice([*known, "".join(chance.choices(string.printable.strip(), k=chance.randint(1, 12)))])


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_in_the_path_is_never_more_than_refused(front: Front, seed: int) -> None:
    """Also with a login that may read: nothing but 2xx for what is there, and 4xx."""
    chance = random.Random(seed)
    for login in (b"", front.login().encode()):
        for _ in range(ROUNDS // 8):
            path = "/v2/" + "/".join(words(chance) for _ in range(chance.randint(1, 5)))
            method = chance.choice(["GET", "HEAD", "POST", "PUT", "DELETE"])
            head = f"{method} {path} HTTP/1.1\r\nHost: {front.host}\r\nContent-Length: 0\r\n".encode()
            raw = front.raw(head + (b"Authorization: " + login + b"\r\n" if login else b"") + b"\r\n")
            assert harmless(raw) or (login and statuses(raw)[0] in (200, 202)), (head, raw)


def damaged(whole: bytes, chance: random.Random) -> bytes:
    """*whole* with a few bytes lost, changed, doubled or put in."""
    changed = bytearray(whole)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                del changed[place : place + chance.randint(1, 9)]
            case 1:
                changed[place] = chance.randrange(256)
            case 2:
                changed[place:place] = changed[place : place + chance.randint(1, 40)]
            case _:
                changed[place:place] = chance.choice(
                    [b"\r\n", b"\0", b"\n", b" ", b"\r\n\r\n", b"\xff", b":"]
                )
    return bytes(changed) or b"x"


@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_request_never_gets_through(front: Front, seed: int) -> None:
    """A signed `create-repository`, a few bytes off: no answer or a 4xx, unless the bytes don't matter."""
    chance = random.Random(seed)
    body = b'{"repositoryName": "eve"}'
    headers = signed(front, "CreateRepository", body) | {"Content-Length": str(len(body))}
    # Signed by a key that nobody has: so that even what is not damaged changes nothing.
    headers |= signed(front, "CreateRepository", body, ("AKIAEVEEVEEVEEVEEVEE", ADMIN[1]))
    whole = (
        b"POST / HTTP/1.1\r\n"
        + b"".join(f"{k}: {v}\r\n".encode() for k, v in headers.items())
        + b"\r\n"
        + body
    )
    for _ in range(ROUNDS // 4):
        sent = damaged(whole, chance)
        raw = front.raw(sent)
        assert raw == b"" or harmless(raw), (sent, raw)


@pytest.mark.parametrize("seed", range(4))
def test_a_changed_byte_of_the_body_or_of_what_is_signed_is_seen(front: Front, seed: int) -> None:
    """With the account's own key, no altered body gets in."""
    chance = random.Random(seed)
    body = json.dumps({"repositoryName": "eve", "imageTagMutability": "MUTABLE"}).encode()
    headers = signed(front, "CreateRepository", body)
    for _ in range(ROUNDS // 8):
        other = damaged(body, chance)
        if other == body:
            continue
        got = front.ask("POST", "/", headers, other)
        assert got.status == 400, (other, got.body)


def value(chance: random.Random, depth: int = 0) -> Any:
    """A JSON value of any kind."""
    plain = [None, True, -1, 1e308, 2**70, "", "safe", "../x", "\ud800", "\0", "x" * 5000, digest_of(SECRET)]
    if depth > 3 or chance.random() < 0.6:
        return chance.choice(plain)
    if chance.random() < 0.5:
        return [value(chance, depth + 1) for _ in range(chance.randint(0, 4))]
    names = ["imageTag", "imageDigest", "type", "Key", "Value", "tagStatus", "scanOnPush", "x"]
    return {chance.choice(names): value(chance, depth + 1) for _ in range(chance.randint(0, 4))}


READING = [
    "ListImages", "DescribeImages", "BatchGetImage", "DescribeRepositories", "GetLifecyclePolicy",
    "GetLifecyclePolicyPreview", "DescribeImageScanFindings", "ListTagsForResource",
    "GetAuthorizationToken", "StartImageScan", "InitiateLayerUpload", "SetRepositoryPolicy",
    "NoSuchThing",
]  # fmt: skip
WRITING = [
    "CreateRepository", "PutImage", "PutLifecyclePolicy", "TagResource", "PutImageTagMutability",
    "BatchDeleteImage", "DeleteRepository", "StartLifecyclePolicyPreview",
]  # fmt: skip
FIELDS = [
    "repositoryName", "repositoryNames", "imageIds", "imageId", "maxResults", "nextToken", "filter",
    "registryId", "resourceArn", "tags", "imageManifest", "lifecyclePolicyText",
    "imageTagMutability", "force",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_parameters_of_any_kind_are_answered(front: Front, seed: int) -> None:
    """Signed by the account itself: a result or a 4xx with a code, never a fault."""
    chance = random.Random(seed)
    for _ in range(ROUNDS // 4):
        operation = chance.choice(READING)
        fields = {name: value(chance) for name in chance.sample(FIELDS, chance.randint(0, 6))}
        if chance.random() < 0.5:
            fields["repositoryName"] = "safe"
        body = json.dumps(fields).encode()
        got = front.ask("POST", "/", signed(front, operation, body), body)
        assert got.status < 500, (operation, fields, got.body)
        assert got.status == 200 or json.loads(got.body)["__type"], (operation, fields, got.body)


@pytest.mark.parametrize("seed", range(4))
def test_who_may_only_read_changes_nothing(front: Front, seed: int) -> None:
    """Whatever parameters a reader tries on what changes something."""
    chance, key = random.Random(seed), front.user(f"tries-{seed}", "ReadOnly")
    try:
        for _ in range(ROUNDS // 8):
            operation = chance.choice(WRITING)
            fields = {name: value(chance) for name in chance.sample(FIELDS, chance.randint(0, 6))}
            fields["repositoryName"] = "safe"
            body = json.dumps(fields).encode()
            got = front.ask("POST", "/", signed(front, operation, body, key), body)
            assert 400 <= got.status < 500, (operation, fields, got.body)
    finally:
        iam = front.client("iam")
        iam.delete_access_key(UserName=f"tries-{seed}", AccessKeyId=key[0])
        iam.detach_user_policy(
            UserName=f"tries-{seed}", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
        )
        iam.delete_user(UserName=f"tries-{seed}")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"Action", b"Action=ListUsers", b"Action=ListUsers&Version=2010-05-08&Version=2011-06-15",
        b"Action=ListUsers&Action=CreateUser&Version=2010-05-08&UserName=eve", b"<xml/>", b"\xff\xfe",
        b"Action=Create%00User&Version=2010-05-08", b"&" * 5000,
        b"Action=CreateUser&Version=2010-05-08&UserName=%01",
        b"Action=CreateUser&Version=2010-05-08&UserName=" + b"x" * 65,
        b"Action=AttachUserPolicy&Version=2010-05-08",
        b"Action=CreateUser&Version=2010-05-08&UserName=%3C%2FError%3E",
    ],
)  # fmt: skip
def test_a_malformed_form_is_refused_in_xml(front: Front, body: bytes) -> None:
    """Signed by the account itself; what it sent never comes back as markup."""
    request = AWSRequest("POST", f"{front.url}/", headers={"Host": front.host}, data=body)
    SigV4Auth(Credentials(*ADMIN), "iam", "us-east-1").add_auth(request)
    got = front.ask("POST", "/", dict(request.headers.items()), body)
    assert 400 <= got.status < 500
    assert ET.fromstring(got.body).tag.endswith("ErrorResponse")


HEAD = "POST / HTTP/1.1\r\nHost: localhost\r\n"
BROKEN = {
    "absolute": b"GET http://localhost/v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /v2/ HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /v2/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "bad host": b'GET /v2/ HTTP/1.1\r\nHost: a/../b"<>\r\n\r\n',
    "bare newlines": b"GET /v2/ HTTP/1.1\nHost: localhost\n\n",
    "folded": b"GET /v2/ HTTP/1.1\r\nHost: localhost\r\nA: b\r\n c\r\n\r\n",
    "blank before colon": b"GET /v2/ HTTP/1.1\r\nHost : localhost\r\n\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n" * 5,
    "http/0.9": b"GET /v2/\r\n\r\n",
    "long line": b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "long header": HEAD.encode() + b"X: " + b"x" * 20000 + b"\r\n\r\n",
    "many headers": HEAD.encode() + b"".join(b"X%d: y\r\n" % n for n in range(200)) + b"\r\n",
    "both lengths": HEAD.encode() + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD.encode() + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "negative length": HEAD.encode() + b"Content-Length: -5\r\n\r\n",
    "plus length": HEAD.encode() + b"Content-Length: +5\r\n\r\nabcde",
    "other coding": HEAD.encode() + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "null": b"GET /v2/\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "blank in path": b"GET /v2/ x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "not ascii": "GET /v2/é HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_http_is_a_4xx_and_the_connection_ends(front: Front, name: str) -> None:
    """One answer, then nothing: what follows could be meant for somebody else."""
    raw = front.raw(BROKEN[name] + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert len(statuses(raw)) == 1 and harmless(raw), raw


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", "in two ways"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "two headers transfer-encoding"),
        ("Content-Length: 0\r\nContent-Length: 0", "two headers content-length"),
        ("Authorization: a\r\nAuthorization: b", "two headers authorization"),
        ("X-Amz-Target: a\r\nX-Amz-Target: a", "two headers x-amz-target"),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_read_by_none(
    front: Front, headers: str, words: str
) -> None:
    """So that nobody in between sees another request than we do."""
    raw = front.raw(f"{HEAD}{headers}\r\n\r\n0\r\n\r\n".encode())
    assert statuses(raw) == [400] and words.encode() in raw, raw


@pytest.mark.parametrize(
    "chunks", [b"5\r\nabcdeXX0\r\n\r\n", b"zz\r\n", b"-1\r\n", b"5;x=y\r\nabcde\r\n0\r\n\r\n",
    b"0\r\nX: y\r\n\r\n", b"f" * 16 + b"\r\n", b"5\nabcde\n0\n\n"],
)  # fmt: skip
def test_broken_chunks_are_a_4xx(front: Front, chunks: bytes) -> None:
    """On a signed request and in an upload; the upload's layer doesn't come to be."""
    login = front.login().encode()
    begun = front.ask("POST", "/v2/safe/blobs/uploads/", {"Authorization": login.decode()})
    path = begun.headers["location"].encode()
    rest = b"Host: localhost\r\nAuthorization: " + login + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    raw = front.raw(b"PATCH " + path + b" HTTP/1.1\r\n" + rest)
    assert harmless(raw), raw


def test_a_body_that_is_too_long_is_refused_before_it_is_read(front: Front) -> None:
    """A manifest and an API call; and without a known key not a byte is taken."""
    login = {"Authorization": front.login(), "Content-Length": str(50 * 2**20)}
    assert front.ask("PUT", "/v2/safe/manifests/big", login, b"x").status == 413
    sent = b"%x\r\n" % (6 * 2**20) + bytes(6 * 2**20) + b"\r\n0\r\n\r\n"
    head = f"PUT /v2/safe/manifests/big HTTP/1.1\r\nHost: x\r\nAuthorization: {login['Authorization']}\r\n"
    assert statuses(front.raw(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + sent)) == [413]
    big = signed(front, "PutImage", b"{}") | {"Content-Length": str(50 * 2**20)}
    assert front.ask("POST", "/", big, b"{}").status == 413
    unknown = signed(front, "PutImage", b"{}", ("AKIANOBODYNOBODYNOBO", "x" * 20)) | {
        "Content-Length": "9999999999"
    }
    got = front.ask("POST", "/", unknown, b"{}")
    assert json.loads(got.body)["__type"] == "UnrecognizedClientException"


def test_a_layer_is_not_read_through_another_repository(front: Front) -> None:
    """Nor mounted from it: who may push to one has to have the bytes."""
    ecr = front.client()
    ecr.create_repository(repositoryName="mine")
    try:
        theirs, mine = Docker(front, front.login(), "safe"), Docker(front, front.login(), "mine")
        layer = json.loads(theirs.ask("GET", "manifests/v1").body)["layers"][0]["digest"]
        assert theirs.ask("GET", f"blobs/{layer}").status == 200
        assert mine.ask("GET", f"blobs/{layer}").error[:2] == (404, "BLOB_UNKNOWN")
        with sqlite3.connect(front.folder / "ecr/state.sqlite") as state:
            ((inner,),) = state.execute("select id from repositories where name = 'safe'").fetchall()
        for name in ("safe", inner):  # also by the name that only the registry behind knows it under
            assert mine.ask("POST", f"blobs/uploads/?mount={layer}&from={name}").status == 202
            assert Docker(front, front.login(), inner).ask("GET", f"blobs/{layer}").error[1] == "NAME_UNKNOWN"
        assert mine.ask("HEAD", f"blobs/{layer}").status == 404
        begun = theirs.ask("POST", "blobs/uploads/").headers["location"].replace("/safe/", "/mine/")
        assert front.ask("PATCH", begun, mine.login, b"x").status in (400, 404)
    finally:
        ecr.delete_repository(repositoryName="mine", force=True)


@pytest.mark.parametrize("name", ["Upper", "x", "a..b", "a/-b", "_a", "a" * 257])
def test_a_name_that_no_repository_can_have_is_called_invalid(front: Front, name: str) -> None:
    """Before anybody looks for it."""
    got = Docker(front, front.login(), name).ask("GET", "tags/list")
    assert got.error == (400, "NAME_INVALID", "Invalid repository name")


def test_the_internal_name_of_a_repository_never_shows(front: Front) -> None:
    """Not in a location, not in an error, and asking for it by name finds nothing."""
    docker = Docker(front, front.login(), "safe")
    digest = digest_of(noise(9, 9))
    answers = [
        docker.ask("POST", "blobs/uploads/"), docker.ask("GET", f"blobs/{digest}"),
        docker.ask("PUT", f"blobs/uploads/00000000-0000-0000-0000-000000000000?digest={digest}"),
        docker.put("v7", b'{"mediaType": "x"}'), docker.ask("GET", "tags/list"),
    ]  # fmt: skip
    for got in answers:
        assert not re.search(r"\br[0-9a-f]{32}\b", f"{got.headers} {got.body.decode()}"), got.headers


def test_the_health_page_says_nothing_else(front: Front) -> None:
    """It needs no login, so it has nothing to tell."""
    got = front.ask("GET", "/healthz")
    assert json.loads(got.body) == {"status": "ok"}
    assert set(got.headers) <= {"content-length", "content-type", "x-content-type-options"}
    assert front.ask("POST", "/healthz").status == 405
    assert front.ask("GET", "/healthz", basic("x")).status == 200
