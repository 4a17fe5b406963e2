"""The local ECR against the bare registry behind it: a 200 MB layer, 20 pulls at once, killed in mid-push."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from benchmarks import rows
from course import engine, kit

if TYPE_CHECKING:
    from docker.models.containers import Container

MIB = 2**20
LAYER_MIB = 200
REPEATS = 5
PULLS = 20
PULLED_MIB = 20
KILLS = 5
PIECE_BYTES = 32 * 1024  # docker sends a layer in pieces of this size
WITHIN_SECONDS = 300
KEY = {"aws_access_key_id": "AKIACOURSELOCALADMIN"}
KEY |= {"aws_secret_access_key": "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"}
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
Row = dict[str, object]


@dataclass
class Registry:
    """A registry in a container, and how to get in; *login* is empty where nobody asks for one."""

    name: str
    run: Container
    login: str = ""

    @property
    def host(self) -> str:
        """Where it listens."""
        self.run.reload()
        published = self.run.ports["5000/tcp"]
        assert published, "no port is published"
        return f"localhost:{published[0]['HostPort']}"

    def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """One request; a body that is an iterator goes in chunks."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named |= {"Authorization": self.login} if self.login else {}
        connection = http.client.HTTPConnection(
            self.host.replace("localhost", "127.0.0.1"), timeout=WITHIN_SECONDS
        )
        try:
            connection.request(method, path, body, named, encode_chunked=body is not None)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def push(self, content: bytes) -> str:
        """Upload a layer as docker does; gives its digest."""
        digest = digest_of(content)
        where = path_of(self.ask("POST", "/v2/bench/blobs/uploads/")[1]["Location"])
        chunks = {"Transfer_Encoding": "chunked", "Content_Type": "application/octet-stream"}
        status, headers, _ = self.ask("PATCH", where, pieces(content), **chunks)
        assert status == 202, status
        status, _, body = self.ask("PUT", f"{path_of(headers['Location'])}&digest={digest}")
        assert status == 201, body
        return digest

    def pull(self, digest: str) -> bool:
        """Whether a layer comes back as it went."""
        status, _, body = self.ask("GET", f"/v2/bench/blobs/{digest}")
        return status == 200 and digest_of(body) == digest


def main() -> int:
    """Measure, keep the rows, and give 1 where a pull was wrong or something was corrupt."""
    kit.ensure(["course/ecr:1", "registry:2"])
    with registries() as (front, bare):
        found = [*layers(front, bare), *by_docker(front, bare), *together(front), *killed(front)]
    print(rows.write("ecr", found))
    for client in ("http", "docker"):
        for what in ("push", "pull"):
            print(
                f"{what} of {LAYER_MIB} MB by {client}: {ratio(found, client, what):.2f} × the bare registry"
            )
    wrong = sum(int(str(row["wrong"])) for row in found)
    print(f"{wrong} wrong")
    return 1 if wrong else 0


@contextmanager
def registries() -> Iterator[tuple[Registry, Registry]]:
    """The front and a bare registry, both new; the front has a repository and gave a login."""
    run = engine.client().containers.run
    ports: Any = {"5000/tcp": ("127.0.0.1", None)}
    front = Registry("front", run("course/ecr:1", detach=True, ports=ports))
    bare = Registry("bare", run("registry:2", detach=True, ports=ports))
    try:
        for registry in (front, bare):
            answers(registry)
        enter(front)
        client(front).create_repository(repositoryName="bench")
        yield front, bare
    finally:
        for registry in (front, bare):
            registry.run.remove(force=True, v=True)


def client(front: Registry) -> Any:
    """The front's API."""
    return boto3.client("ecr", endpoint_url=f"http://{front.host}", region_name="eu-central-1", **KEY)


def enter(front: Registry) -> None:
    """Log in."""
    (data,) = client(front).get_authorization_token()["authorizationData"]
    front.login = f"Basic {data['authorizationToken']}"


def answers(registry: Registry) -> None:
    """Wait until it does."""
    deadline = time.monotonic() + 60
    while True:
        try:
            registry.ask("GET", "/v2/")
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def layers(front: Registry, bare: Registry) -> Iterator[Row]:
    """One layer up and down by plain HTTP, in turn through both, each time another one."""
    for repeat in range(REPEATS):
        content = os.urandom(LAYER_MIB * MIB)
        for registry in (front, bare) if repeat % 2 else (bare, front):
            seconds, digest = timed(partial(registry.push, content))
            yield row("push", registry.name, "http", repeat, seconds)
            seconds, is_right = timed(partial(registry.pull, digest))
            yield row("pull", registry.name, "http", repeat, seconds, wrong=not is_right)


def by_docker(front: Registry, bare: Registry) -> Iterator[Row]:
    """The same as a learner does it: docker packs, sends, fetches and unpacks."""
    with tempfile.TemporaryDirectory() as home:
        token = front.login.removeprefix("Basic ")
        Path(home, "config.json").write_text(json.dumps({"auths": {front.host: {"auth": token}}}))
        env = {**os.environ, **engine.environment(), "DOCKER_CONFIG": home}
        for repeat in range(REPEATS):
            for registry in (front, bare) if repeat % 2 else (bare, front):
                yield from _docker_turn(registry, repeat, env)


def _docker_turn(registry: Registry, repeat: int, env: dict[str, str]) -> Iterator[Row]:
    """A new image, pushed, removed and pulled; imported, so that no build cache keeps its layer here."""
    name = f"{registry.host}/bench:{repeat}"
    repository, _, tag = name.rpartition(":")
    engine.client().api.import_image_from_data(one_file(LAYER_MIB * MIB), repository=repository, tag=tag)
    identity = docker("inspect", "--format", "{{.Id}}", name, env=env)
    seconds, _ = timed(lambda: docker("push", "--quiet", name, env=env))
    yield row("push", registry.name, "docker", repeat, seconds)
    docker("rmi", "--force", name, env=env)
    seconds, _ = timed(lambda: docker("pull", "--quiet", name, env=env))
    is_right = docker("inspect", "--format", "{{.Id}}", name, env=env) == identity
    docker("rmi", "--force", name, env=env)
    yield row("pull", registry.name, "docker", repeat, seconds, wrong=not is_right)


def one_file(size: int) -> bytes:
    """A tar with one file that doesn't shrink."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as packing:
        entry = tarfile.TarInfo("big")
        entry.size = size
        packing.addfile(entry, io.BytesIO(os.urandom(size)))
    return whole.getvalue()


def together(front: Registry) -> Iterator[Row]:
    """Twenty pulls at once, every byte compared."""
    digest = front.push(os.urandom(PULLED_MIB * MIB))
    with ThreadPoolExecutor(PULLS) as pool:
        seconds, right = timed(lambda: list(pool.map(front.pull, [digest] * PULLS)))
    yield row("20 pulls at once", front.name, "http", 0, seconds, wrong=right.count(False))


def killed(front: Registry) -> Iterator[Row]:
    """`kill -9` in the middle of a layer; then everything that is listed is fetched and compared."""
    image(front, "before", os.urandom(MIB))
    for repeat in range(KILLS):
        content = os.urandom(64 * MIB)
        with ThreadPoolExecutor(1) as pool:
            push = pool.submit(cut_off, front, content, (repeat + 1) * len(content) // (KILLS + 1))
            push.result()
        front.run.start()
        seconds, _ = timed(lambda: answers(front))
        image(front, f"after-{repeat}", content[:MIB])
        half = front.ask("HEAD", f"/v2/bench/blobs/{digest_of(content)}")[0] != 404
        yield row("killed in mid-push", front.name, "http", repeat, seconds, wrong=corrupt(front) + half)


def cut_off(front: Registry, content: bytes, after: int) -> None:
    """Push, and kill the registry's container when *after* bytes are sent."""
    where = path_of(front.ask("POST", "/v2/bench/blobs/uploads/")[1]["Location"])

    def until_killed() -> Iterator[bytes]:
        for number, piece in enumerate(pieces(content)):
            if number * PIECE_BYTES >= after and front.run.status != "exited":
                front.run.kill()
                front.run.reload()
            yield piece

    try:
        front.ask("PATCH", where, until_killed(), Transfer_Encoding="chunked")
    except (OSError, http.client.HTTPException):
        return
    raise SystemExit("the push was not cut off")


def image(front: Registry, tag: str, content: bytes) -> None:
    """Push an image of one layer."""
    config = json.dumps({"architecture": "amd64", "os": "linux", "tag": tag}).encode()
    parts = [{"size": len(part), "digest": front.push(part)} for part in (config, content)]
    told = {"schemaVersion": 2, "mediaType": DOCKER, "config": parts[0], "layers": parts[1:]}
    sent = json.dumps(told).encode()
    status, _, body = front.ask(
        "PUT", f"/v2/bench/manifests/{tag}", sent, Content_Type=DOCKER, Content_Length=str(len(sent))
    )
    assert status == 201, body


def corrupt(front: Registry) -> int:
    """How many manifests and layers of all that is listed are not what they were."""
    count = 0
    for listed in client(front).list_images(repositoryName="bench")["imageIds"]:
        status, _, manifest = front.ask("GET", f"/v2/bench/manifests/{listed['imageTag']}")
        if status != 200 or digest_of(manifest) != listed["imageDigest"]:
            count += 1
            continue
        count += sum(not front.pull(layer["digest"]) for layer in json.loads(manifest)["layers"])
    return count


def ratio(found: list[Row], client_: str, what: str) -> float:
    """The front's median against the bare registry's."""
    median = {
        through: statistics.median(
            float(str(each["seconds"]))
            for each in found
            if (each["what"], each["through"], each["client"]) == (what, through, client_)
        )
        for through in ("front", "bare")
    }
    return median["front"] / median["bare"]


def row(what: str, through: str, client_: str, repeat: int, seconds: float, *, wrong: int = 0) -> Row:
    """One line of the results."""
    return {
        "what": what, "through": through, "client": client_, "repeat": repeat + 1,
        "seconds": round(seconds, 3), "wrong": int(wrong),
    }  # fmt: skip


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    """The seconds that *act* takes, and what it gives."""
    started = time.perf_counter()
    given = act()
    return time.perf_counter() - started, given


def pieces(content: bytes) -> Iterator[bytes]:
    """*content* in docker's pieces."""
    view = memoryview(content)
    for start in range(0, len(content), PIECE_BYTES):
        yield bytes(view[start : start + PIECE_BYTES])


def path_of(location: str) -> str:
    """The path and query of a location."""
    return location[location.index("/v2/") :]


def digest_of(content: bytes) -> str:
    """A digest as registries write it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def docker(*words: str, env: dict[str, str]) -> str:
    """What a docker command says."""
    done = subprocess.run(["docker", *words], env=env, text=True, capture_output=True, timeout=WITHIN_SECONDS)
    if done.returncode:
        raise SystemExit(f"docker {' '.join(words)}: {done.stderr}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
