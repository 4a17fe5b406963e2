"""The front of the local ECR as a process of a test's own, over a real registry; expects nothing."""

from __future__ import annotations

import atexit
import base64
import gzip
import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from kit_parts import program

from course import places

FRONT = places.images() / "ecr"
MODEL = Path(botocore.__file__).parent / "data/ecr/2015-09-21/service-2.json.gz"
ACCOUNT, REGION = "123456789012", "eu-central-1"
ADMIN = ("AKIACOURSELOCALADMIN", "courseLocalECRadminSecretNotForAWSitself")
POLICY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistry"
WITHIN_SECONDS = 30.0
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
Key = tuple[str, str]


class Front:
    """One local ECR: *folder* holds its state, *environment* its settings."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder, self.port = folder, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "bin").mkdir(exist_ok=True)
        if not (folder / "bin/registry").exists():
            (folder / "bin/registry").symlink_to(registry_program())
        named = {"ECR_FOLDER": str(folder / "ecr"), "ECR_PORT": str(self.port), "ECR_MODEL": str(MODEL)}
        # Where its socket lies: a short path, that goes although kill -9 leaves it.
        named["TMPDIR"] = str(registry_program().parent)
        path = f"{folder / 'bin'}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "PYTHONPATH": str(FRONT), **named, **environment}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """Host and port, as image names have them."""
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self.host}"

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text()

    def start(self) -> Front:
        """Start it, and wait until it is healthy."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "front"], env=self.environment, stdout=log, stderr=log, cwd="/",
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + WITHIN_SECONDS
        while not self.is_healthy():
            assert self.process.poll() is None and time.monotonic() < deadline, f"no start:\n{self.log}"
            time.sleep(0.05)
        return self

    def is_healthy(self) -> bool:
        """Whether its health page says so."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(json.load(answer) == {"status": "ok"})
        except OSError:
            return False

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; SIGKILL takes the registry behind it along, as the end of a container would."""
        assert self.process is not None
        if how == signal.SIGKILL:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.send_signal(how)
        return self.process.wait(WITHIN_SECONDS)

    def clock(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `ecr-clock`."""
        command = [sys.executable, "-m", "front.clock", *words]
        return subprocess.run(command, env=self.environment, text=True, capture_output=True, cwd="/")

    def client(self, service: str = "ecr", key: Key = ADMIN) -> Any:
        """A boto3 client."""
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id=key[0],
            aws_secret_access_key=key[1], config=Config(retries={"total_max_attempts": 1}),
        )  # fmt: skip

    def user(self, name: str, *policies: str) -> Key:
        """A key of a new user with managed policies of ECR."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        for policy in policies:
            iam.attach_user_policy(UserName=name, PolicyArn=POLICY + policy)
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"]

    def login(self, key: Key = ADMIN) -> str:
        """A Basic header with a fresh token."""
        data = self.client(key=key).get_authorization_token()["authorizationData"][0]
        return f"Basic {data['authorizationToken']}"

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Got:
        """One request, as it is written here."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=WITHIN_SECONDS)
        try:
            connection.request(method, path, body or None, dict(headers or {}))
            answer = connection.getresponse()
            return Got(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def raw(self, sent: bytes) -> bytes:
        """What comes back, to the end, when these bytes are sent and nothing more."""
        with socket.create_connection(("localhost", self.port), timeout=WITHIN_SECONDS) as line:
            try:
                line.sendall(sent)
                line.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused in the middle; the answer is still to be read
            received = b""
            try:
                while piece := line.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            return received


class Got:
    """An answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def error(self) -> tuple[int, str, str]:
        """Status, code and words of registry v2's first error."""
        first = json.loads(self.body)["errors"][0]
        return self.status, first["code"], first["message"]


class Docker:
    """What docker does on a registry, by hand, with one login."""

    def __init__(self, front: Front, login: str, repository: str) -> None:
        self.front, self.repository = front, repository
        self.login = {"Authorization": login}

    def ask(self, method: str, rest: str, body: bytes = b"", **headers: str) -> Got:
        """A request on the repository."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.front.ask(method, f"/v2/{self.repository}/{rest}", self.login | named, body)

    def blob(self, content: bytes) -> str:
        """Upload a layer in docker's three steps."""
        digest = digest_of(content)
        begun = self.ask("POST", "blobs/uploads/")
        assert begun.status == 202, begun.body
        more = self.front.ask("PATCH", begun.headers["location"], self.login, content)
        assert more.status == 202, more.body
        where = f"{more.headers['location']}&digest={digest}"
        done = self.front.ask("PUT", where, self.login)
        assert done.status == 201, done.body
        return digest

    def image(self, content: bytes) -> bytes:
        """Upload an image of one layer, and give its manifest, which is not sent yet."""
        layer = gzip.compress(content, mtime=0)
        config = json.dumps({"architecture": "amd64", "os": "linux", "of": digest_of(content)}).encode()
        told = {
            "schemaVersion": 2, "mediaType": DOCKER,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": self.blob(config)},
            "layers": [{"mediaType": LAYER, "size": len(layer), "digest": self.blob(layer)}],
        }  # fmt: skip
        return json.dumps(told).encode()

    def put(self, tag: str, manifest: bytes, type_: str = DOCKER) -> Got:
        """Send a manifest."""
        return self.ask("PUT", f"manifests/{tag}", manifest, Content_Type=type_)

    def push(self, tag: str, content: bytes) -> str:
        """The whole push; gives the digest."""
        manifest = self.image(content)
        got = self.put(tag, manifest)
        assert got.status == 201, got.body
        return got.headers["docker-content-digest"]


def signed(
    front: Front, operation: str, body: bytes, key: Key = ADMIN, service: str = "ecr", at: float | None = None
) -> dict[str, str]:
    """The headers of one request to ECR's API, signed by botocore itself, or by its rules at another time."""
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
        "Host": front.host,
    }
    request = AWSRequest("POST", f"{front.url}/", headers=headers, data=body)
    auth = SigV4Auth(Credentials(*key), service, REGION)
    if at is None:
        auth.add_auth(request)
    else:
        request.context["timestamp"] = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        canonical = auth.canonical_request(request)
        words = auth.string_to_sign(request, canonical)
        signed_headers = auth.signed_headers(auth.headers_to_sign(request))
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={signed_headers}, "
            f"Signature={auth.signature(words, request)}"
        )
    return {str(name): str(value) for name, value in request.headers.items()}


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Front]:
    """A front that serves, and ends with the block."""
    front = Front(folder, **environment).start()
    try:
        yield front
    finally:
        if front.process and front.process.poll() is None:
            front.end()


@cache
def registry_program() -> Path:
    """The reference registry, had once for all tests of a process."""
    folder = Path(tempfile.mkdtemp(prefix="ecr-registry-"))
    atexit.register(shutil.rmtree, folder)
    return program(folder)


def digest_of(content: bytes) -> str:
    """A digest as registries write it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def basic(password: str, user: str = "AWS") -> dict[str, str]:
    """A login's header."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def noise(size: int, seed: int) -> bytes:
    """Bytes that don't shrink, always the same for a seed."""
    return random.Random(seed).randbytes(size)


def free_port() -> int:
    """A port that nobody holds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
