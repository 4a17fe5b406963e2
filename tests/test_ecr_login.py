"""Who is let in at the local ECR: signatures on its API, tokens on its registry, and both in AWS's words."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ecr_parts import ACCOUNT, ADMIN, Docker, Front, Key, basic, running, signed

pytestmark = pytest.mark.fetches  # the registry program may have to come from Debian


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One local ECR with a repository `here`."""
    with running(tmp_path_factory.mktemp("ecr")) as made:
        made.client().create_repository(repositoryName="here")
        yield made
        assert "failed" not in made.log, made.log


BODY = b'{"repositoryName": "there"}'


def answer(front: Front, headers: dict[str, str], body: bytes = BODY) -> tuple[int, str, str]:
    """Status, code and words of what `create-repository there` gets; nobody may ever make it."""
    got = front.ask("POST", "/", headers, body)
    told = json.loads(got.body)
    names = [row["repositoryName"] for row in front.client().describe_repositories()["repositories"]]
    assert "there" not in names
    return got.status, told.get("__type", ""), told.get("message", "")


def test_a_right_signature_is_taken(front: Front) -> None:
    """As botocore makes it; the other tests break this one."""
    headers = signed(front, "DescribeRepositories", b"{}")
    assert front.ask("POST", "/", headers, b"{}").status == 200
    moment = time.time() - 14 * 60
    assert (
        front.ask("POST", "/", signed(front, "DescribeRepositories", b"{}", at=moment), b"{}").status == 200
    )


def test_no_signature(front: Front) -> None:
    """The header is missing altogether."""
    headers = signed(front, "CreateRepository", BODY)
    del headers["Authorization"]
    missing = (400, "MissingAuthenticationTokenException", "Missing Authentication Token")
    assert answer(front, headers) == missing


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        (
            (ADMIN[0], ADMIN[1][::-1]),
            "InvalidSignatureException",
            "The request signature we calculated does not",
        ),
        (("AKIAAAAAAAAAAAAAAAAA", ADMIN[1]), "UnrecognizedClientException", "The security token included in"),
    ],
)
def test_a_wrong_key(front: Front, key: Key, code: str, words: str) -> None:
    """A secret that isn't the key's, and a key that nobody has."""
    status, found, said = answer(front, signed(front, "CreateRepository", BODY, key))
    assert (status, found) == (400, code) and said.startswith(words)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.DeleteRepository"),
        ("Host", "localhost:1"),
        ("Content-Type", "application/json"),
        ("X-Amz-Security-Token", "something"),
    ],
)
def test_a_changed_header(front: Front, name: str, value: str) -> None:
    """What was signed can't be swapped, and nothing that AWS reads can be added."""
    headers = signed(front, "CreateRepository", BODY) | {name: value}
    assert answer(front, headers)[1] in ("InvalidSignatureException", "IncompleteSignatureException")


def test_a_changed_body(front: Front) -> None:
    """The signature covers every byte."""
    headers = signed(front, "CreateRepository", b'{"repositoryName": "other"}')
    assert answer(front, headers)[1] == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("minutes", "words"), [(-16, "Signature expired: "), (16, "Signature not yet current: ")]
)
def test_a_clock_that_is_wrong(front: Front, minutes: int, words: str) -> None:
    """More than 15 minutes away, the moment is named."""
    headers = signed(front, "CreateRepository", BODY, at=time.time() + minutes * 60)
    status, code, said = answer(front, headers)
    assert (status, code) == (400, "InvalidSignatureException") and said.startswith(words)


def test_the_server_s_clock_does_not_count_for_signatures(tmp_path: Path) -> None:
    """Set ahead by a day, it ages tokens; a client with a right clock still gets in."""
    with running(tmp_path / "ecr", ECR_CLOCK_SHIFT="+1d") as front:
        assert front.client().describe_repositories()["repositories"] == []
        told = front.clock().stdout
        assert told.endswith("+86400 s from the true time\n")


@pytest.mark.parametrize("service", ["iam", "sts", "s3"])
def test_a_signature_for_another_service(front: Front, service: str) -> None:
    """A request signed for one service can't be played to another."""
    status, code, said = answer(front, signed(front, "CreateRepository", BODY, service=service))
    assert (status, code) == (400, "InvalidSignatureException")
    assert said == "Credential should be scoped to correct service: 'ecr'."


def test_ecr_s_signature_is_none_for_iam(front: Front) -> None:
    """Nor the other way round, and the query protocol answers in XML."""
    body = b"Action=CreateUser&Version=2010-05-08&UserName=eve"
    headers = signed(front, "CreateRepository", body)
    del headers["X-Amz-Target"]
    got = front.ask("POST", "/", headers, body)
    assert got.status == 403 and b"<Code>IncompleteSignature</Code>" in got.body
    assert front.client("iam").list_users()["Users"] == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
        lambda text: text.replace(";x-amz-target", ""),
        lambda text: text.replace("host;", ""),
        lambda text: text.replace("SignedHeaders=", "SignedHeaders=zz;"),
        lambda text: text.replace("/aws4_request", "/aws4"),
        lambda text: text.replace("/eu-central-1/", "/us-east-1/"),
        lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
        lambda text: text[:-1],
        lambda text: "AWS4-HMAC-SHA256",
        lambda text: "",
        lambda text: "Basic QVdTOng=",
    ],
)
def test_a_changed_authorization(front: Front, change: object) -> None:
    """Whatever is taken out of it or put into it."""
    assert callable(change)
    headers = signed(front, "CreateRepository", BODY)
    headers["Authorization"] = change(headers["Authorization"])
    status, code, _ = answer(front, headers)
    assert status == 400 and code.endswith("SignatureException")


def test_a_day_that_is_not_the_moment_s(front: Front) -> None:
    """The scope's day is that of X-Amz-Date."""
    headers = signed(front, "CreateRepository", BODY)
    today = time.strftime("%Y%m%d", time.gmtime())
    headers["Authorization"] = headers["Authorization"].replace(f"/{today}/", "/20200101/")
    assert answer(front, headers)[2].startswith("Date in Credential scope does not match")


# Tokens ---------------------------------------------------------------------------------------------------


def test_without_a_login_docker_is_asked_for_one(front: Front) -> None:
    """Which makes docker say: no basic auth credentials."""
    got = front.ask("GET", "/v2/")
    assert got.status == 401
    assert got.headers["www-authenticate"].startswith('Basic realm="')
    assert front.ask("GET", "/v2/here/tags/list").status == 401


def test_a_token_opens_the_registry_for_12_hours(front: Front) -> None:
    """It says when it ends, where to log in, and that the user is AWS."""
    before = time.time()
    data = front.client().get_authorization_token()["authorizationData"][0]
    assert data["proxyEndpoint"] == front.url
    assert -1 <= data["expiresAt"].timestamp() - before - 12 * 3600 <= 60  # whole seconds
    user, _, _ = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    assert user == "AWS"
    got = front.ask("GET", "/v2/", {"Authorization": f"Basic {data['authorizationToken']}"})
    assert (got.status, got.headers["docker-distribution-api-version"]) == (200, "registry/2.0")


def test_an_old_token_is_refused_in_ecr_s_words(tmp_path: Path) -> None:
    """After 12 hours of the server's clock, not before; a new one then works."""
    with running(tmp_path / "ecr") as front:
        front.client().create_repository(repositoryName="late")
        docker = Docker(front, front.login(), "late")
        docker.push("v1", b"late")
        assert front.clock("+11h").stdout.endswith("+39600 s from the true time\n")
        assert docker.ask("GET", "manifests/v1").status == 200
        front.clock("+13h")
        words = "Your authorization token has expired. Reauthenticate and try again."
        assert docker.ask("GET", "manifests/v1").error == (403, "DENIED", words)
        assert front.ask("GET", "/v2/", docker.login).error == (403, "DENIED", words)
        assert Docker(front, front.login(), "late").ask("GET", "manifests/v1").status == 200
        front.clock("0")
        assert docker.ask("GET", "manifests/v1").status == 200
        assert front.clock("tomorrow").returncode == 2


def forgeries(front: Front) -> dict[str, dict[str, str]]:
    """Logins that nobody gave out."""
    packed = front.login().partition(" ")[2]
    user, _, password = base64.b64decode(packed).decode().partition(":")
    shown = json.loads(base64.b64decode(password))
    payload = json.loads(base64.b64decode(shown["payload"]))

    def remade(**changes: object) -> str:
        return base64.b64encode(json.dumps(shown | changes).encode()).decode()

    longer = base64.b64encode(json.dumps(payload | {"expires": 2**40}).encode()).decode()
    return {
        "another user": basic(password, "ADMIN"),
        "no token": basic("secret"),
        "the account's own secret": basic(ADMIN[1]),
        "nothing": basic(""),
        "a longer life": basic(remade(payload=longer)),
        "another signature": basic(remade(datakey="AAAA")),
        "no signature": basic(remade(datakey=None)),
        "a number": basic(remade(payload=7)),
        "no object": basic(base64.b64encode(b"[]").decode()),
        "deep": basic(base64.b64encode(b"[" * 1200).decode()),
        "no base64": {"Authorization": "Basic ***"},
        "bearer": {"Authorization": f"Bearer {packed}"},
        "a signature": {"Authorization": "AWS4-HMAC-SHA256 Credential=x"},
        "empty": {"Authorization": ""},
        "half": {"Authorization": f"Basic {packed[:-8]}"},
    }


def test_no_forged_token_is_taken(front: Front) -> None:
    """A bad login is a bad request, which is what docker then shows."""
    tried = forgeries(front)
    found = {name: front.ask("GET", "/v2/", headers).status for name, headers in tried.items()}
    assert found == dict.fromkeys(tried, 400)


def test_a_token_is_worth_what_its_user_may_today(front: Front) -> None:
    """Rights are asked at each request; a user who is gone, or made again, has none by an old token."""
    iam, key = front.client("iam"), front.user("today", "PowerUser")
    docker = Docker(front, front.login(key), "here")
    docker.push("today", b"today")
    named = {"UserName": "today", "PolicyArn": "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"}
    iam.detach_user_policy(**named)
    assert docker.ask("GET", "manifests/today").status == 403
    iam.delete_access_key(UserName="today", AccessKeyId=key[0])
    iam.delete_user(UserName="today")
    front.user("today", "PowerUser")
    assert docker.ask("GET", "manifests/today").error[:2] == (403, "DENIED")


def test_tokens_of_another_registry_are_none_here(front: Front, tmp_path: Path) -> None:
    """Each registry signs with a secret of its own, which survives a restart."""
    with running(tmp_path / "other") as other:
        login = {"Authorization": other.login()}
        assert front.ask("GET", "/v2/", login).status == 400
        other.end()
        other.start()
        assert other.ask("GET", "/v2/", login).status == 200


def test_the_first_start_says_who_may_come_in(tmp_path: Path) -> None:
    """The course's own key in full, once; a secret of one's own never."""
    with running(tmp_path / "ours") as front:
        assert f"AWS_SECRET_ACCESS_KEY={ADMIN[1]}" in front.log
        front.end()
        front.start()
        assert front.log.count(ADMIN[1]) == 1
    own = {
        "ECR_ADMIN_ACCESS_KEY_ID": "AKIAOWNOWNOWNOWNOWN7",
        "ECR_ADMIN_SECRET_ACCESS_KEY": "own/own/own/own/own/own+",
    }
    with running(tmp_path / "own", ECR_ACCOUNT_ID="210987654321", **own) as front:
        key = tuple(own.values())
        told = front.client("sts", (key[0], key[1])).get_caller_identity()
        assert told["Account"] == "210987654321" != ACCOUNT
        assert key[0] in front.log and key[1] not in front.log
        assert front.client().meta.region_name
        assert answer_of(front, ADMIN) == "UnrecognizedClientException"


def answer_of(front: Front, key: Key) -> str:
    """The code that a key's request gets."""
    return str(
        json.loads(front.ask("POST", "/", signed(front, "ListImages", b"{}", key), b"{}").body)["__type"]
    )


@pytest.mark.parametrize(
    "setting",
    [{"ECR_ACCOUNT_ID": "1"}, {"ECR_CLOCK_SHIFT": "soon"}, {"ECR_ADMIN_SECRET_ACCESS_KEY": "short"}],
)
def test_a_wrong_setting_ends_it_in_words(tmp_path: Path, setting: dict[str, str]) -> None:
    """It names the variable or the value, and doesn't show a secret."""
    front = Front(tmp_path / "ecr", **setting)
    with pytest.raises(AssertionError, match="no start"):
        front.start()
    assert front.process is not None and front.process.wait(10) == 2
    assert "Traceback" not in front.log and "short" not in front.log
