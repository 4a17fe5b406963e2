"""Take good and bad commits through chapter 14's pipeline, and look at each verdict, round after round."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import rows
from course import engine, kit

if TYPE_CHECKING:
    from docker.models.containers import Container

ROOT = Path(__file__).resolve().parent.parent
CHAPTER, DEMO = ROOT / "notebooks" / "14-pipeline", ROOT / "demo"
IMAGES = ("course/ci:1", "course/ecr:1", "course/npm:1", "node:24-slim", "mongo:8.0")
# The local ECR's own key (docs/ecr.md); it opens nothing else.
KEY = {
    "AWS_ACCESS_KEY_ID": "AKIACOURSELOCALADMIN",
    "AWS_SECRET_ACCESS_KEY": "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",
}
SETTINGS = {
    "REPOSITORY": "localhost:5001/profile", "SERVER": "deploy@server", "PAGE": "http://server:3000",
    "DEPLOY_KEY": "/root/.ssh/deploy", "AWS_ENDPOINT_URL": "http://localhost:5001",
    "AWS_DEFAULT_REGION": "eu-central-1", "REGISTRY_AT": "ecr:5000",
}  # fmt: skip
REPEATS = 5
SECONDS = 180


class Room:
    """The machines of chapter 14, started, with an empty repository on each side."""

    def __init__(self, machines: Mapping[str, Container], project: Path) -> None:
        self.machines, self.project = machines, project

    def inside(self, machine: str, *command: str, **options: Any) -> tuple[int, str]:
        """Exit code and output of a command on one of the machines."""
        code, raw = self.machines[machine].exec_run(list(command), **options)
        text = bytes(raw).decode(errors="replace")  # type: ignore[arg-type] # bytes, since no stream is asked for
        return int(code or 0), text

    def told(self, machine: str, *command: str, **options: Any) -> str:
        """The output of a command that must succeed."""
        code, text = self.inside(machine, *command, **options)
        if code:
            raise RuntimeError(f"{' '.join(command)} on {machine} ended with {code}: {text[-600:]}")
        return text

    def git(self, *words: str) -> str:
        """What git says in the project's folder; its words if it fails."""
        who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", *who, *words], cwd=self.project, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"git {' '.join(words)}: {done.stdout[-600:]}")
        return done.stdout

    def commit(self, message: str, file: str = "", old: str = "", new: str = "") -> str:
        """Replace *old* by *new* in a file, and commit; gives the commit."""
        if file:
            text = (self.project / file).read_text(encoding="utf-8")
            if old not in text:
                raise RuntimeError(f"{file} doesn't have {old!r}")
            (self.project / file).write_text(text.replace(old, new), encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def push(self) -> str:
        """Push, and give the pipeline's log."""
        return re.sub(r"^remote: ?|\s+$", "", self.git("push", "--quiet", "origin", "main"), flags=re.M)

    def tags(self) -> set[str]:
        """The tags in the registry."""
        ask = "aws ecr list-images --repository-name profile --query imageIds[].imageTag --output text"
        return set(self.told("runner", *ask.split(), environment=KEY).split())

    def answer(self, path: str) -> str:
        """What the app on the server answers."""
        return self.told("runner", "curl", "--silent", "--fail", f"http://server:3000{path}")


@contextmanager
def room(project: Path, bases: Mapping[str, str], packages: bool = False) -> Iterator[Room]:
    """The machines with *bases* (which machine, which image) loaded, and *project* as the source."""
    client, word = engine.client(), f"pipeline-{uuid.uuid4().hex[:8]}"
    with ExitStack() as after:
        network = client.networks.create(word)
        after.callback(network.remove)
        machines: dict[str, Container] = {}

        def start(
            name: str, image: str, command: str | None = None, files: bytes = b"", **options: Any
        ) -> None:
            made = client.containers.create(image, command, name=f"{word}-{name}", hostname=name, **options)
            after.callback(made.remove, force=True, v=True)
            network.connect(made, aliases=[name])
            if files:
                made.put_archive("/", files)
            made.start()
            machines[name] = made

        start("ecr", "course/ecr:1")
        settings = dict(SETTINGS)
        if packages:
            start("packages", "course/npm:1")
            machines["packages"].reload()
            place = machines["packages"].attrs["NetworkSettings"]["Networks"][word]["IPAddress"]
            settings["NPM_CONFIG_REGISTRY"] = f"http://{place}:4873"
        key = "".join(f"{name}={value}\n" for name, value in KEY.items())
        runner = (CHAPTER / "runner.py").read_text(encoding="utf-8")
        start(
            "git", "course/ci:1",
            "git daemon --base-path=/srv/git --export-all --enable=receive-pack --reuseaddr",
            ports={"9418/tcp": ("127.0.0.1", None)},
        )  # fmt: skip
        start(
            "runner", "course/ci:1", privileged=True,
            environment={**settings, "BESIDE": "python3 /srv/runner.py"},
            files=_packed({"run/secrets/registry-key": key, "srv/runner.py": runner}),
        )  # fmt: skip
        start(
            "server", "course/ci:1", privileged=True,
            environment={"BESIDE": "/usr/sbin/sshd -D", "REGISTRY_AT": "ecr:5000"},
        )  # fmt: skip
        made = Room(machines, project)
        _furnish(made, bases)
        yield made


def _packed(files: Mapping[str, str]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return whole.getvalue()


def _furnish(made: Room, bases: Mapping[str, str]) -> None:
    """Keys, images, a repository in the registry, and one on each side of `git push`."""
    for machine in ("runner", "server"):
        made.told(machine, "timeout", "60", "bash", "-c", "until docker version; do :; done")
    for machine, image in bases.items():
        load = f"docker save {image} | docker exec --interactive {made.machines[machine].name} docker load"
        env = {**os.environ, **engine.environment()}
        subprocess.run(["bash", "-c", f"set -o pipefail; {load}"], env=env, check=True, capture_output=True)
    made.told("runner", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/.ssh/deploy")
    public = made.told("runner", "cat", "/root/.ssh/deploy.pub")
    made.told("server", "bash", "-c", f"echo '{public.strip()}' > /home/deploy/.ssh/authorized_keys")
    wait = "until curl --silent --fail http://localhost:5001/healthz; do :; done"
    made.told("runner", "timeout", "60", "bash", "-c", wait)
    make = "aws ecr create-repository --repository-name profile --image-tag-mutability IMMUTABLE"
    made.told("runner", *make.split(), environment=KEY)
    made.told("git", "git", "init", "--quiet", "--bare", "--initial-branch", "main", "/srv/git/profile.git")
    hook = "/srv/git/profile.git/hooks/post-receive"
    text = (CHAPTER / "post-receive").read_text(encoding="utf-8")
    made.machines["git"].put_archive("/", _packed({hook[1:]: text}))
    made.told("git", "chmod", "+x", hook)
    known = made.told("server", "cut", "-d", " ", "-f", "1-2", "/etc/ssh/ssh_host_ed25519_key.pub")
    (made.project / "pipeline" / "known_hosts").write_text(f"server {known}")
    made.machines["git"].reload()
    doors = made.machines["git"].ports["9418/tcp"] or []
    made.git("init", "--quiet", "--initial-branch", "main")
    made.git("remote", "add", "origin", f"git://127.0.0.1:{doors[0]['HostPort']}/profile.git")


def main(repeats: int = REPEATS) -> int:
    """Three commits a round, *repeats* rounds on one set of machines; gives 1 if any verdict was wrong."""
    kit.ensure(list(IMAGES))
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "profile"
        shutil.copytree(DEMO, project, ignore=shutil.ignore_patterns("node_modules"))
        with room(project, {"runner": "node:24-slim", "server": "mongo:8.0"}, packages=True) as made:
            made.commit("first")
            log = made.push()
            if not log.endswith("✓ delivered"):
                raise SystemExit(f"the first commit was not delivered:\n{log}")
            save = "curl --silent --fail --header Content-Type:application/json --data"
            made.told(
                "runner",
                *save.split(),
                '{"name":"Ana","interests":"ships"}',
                "http://server:3000/update-profile",
            )
            for repeat in range(1, repeats + 1):
                found += [{"round": repeat, **row} for row in _round(made, repeat)]
    print(rows.write("pipeline", found))
    wrong = [row for row in found if row["fault"]]
    print(f"{len(found)} deliveries, {len(wrong)} with a wrong verdict")
    return 1 if wrong else 0


def _round(made: Room, repeat: int) -> Iterator[dict[str, object]]:
    """A good commit, one that fails a test, one that fails the smoke test; each bad one is taken back."""
    page, profile, database = "app/public/index.html", "app/lib/profile.js", "app/lib/database.js"
    text = (made.project / page).read_text(encoding="utf-8")
    heading = re.findall("<h1>.*</h1>", text)[0]
    good = made.commit("good", page, heading, f"<h1>Profile {repeat}</h1>")
    yield _delivery(made, "good", good, good, "✓ delivered", pushed=True)
    bad = made.commit("bad test", profile, "name: 100", "name: 1000")
    yield _delivery(made, "bad test", bad, good, "✗ stopped at test", pushed=False)
    made.git("revert", "--no-edit", "HEAD")
    bad = made.commit("bad smoke", database, "{ $set: fields }", "fields")
    yield _delivery(made, "bad smoke", bad, good, "✗ stopped at smoke", pushed=True)
    made.git("revert", "--no-edit", "HEAD")


def _delivery(
    made: Room, kind: str, commit: str, runs: str, verdict: str, *, pushed: bool
) -> dict[str, object]:
    """Push, and look: the verdict, the version that runs, the record, the tag in the registry."""
    started = time.perf_counter()
    log = made.push()
    seconds = round(time.perf_counter() - started, 1)
    faults = [] if log.endswith(verdict) else [f"the log ends {log[-100:]!r}"]
    faults += [] if f'"version":"{runs}"' in made.answer("/health") else ["another version runs"]
    faults += [] if '"interests":"ships"' in made.answer("/get-profile") else ["the record is gone"]
    faults += [] if (commit in made.tags()) == pushed else ["the registry has the wrong tags"]
    faults += ["the key is in the log"] if KEY["AWS_SECRET_ACCESS_KEY"] in log else []
    return {"kind": kind, "fault": "; ".join(faults), "seconds": seconds}


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS))
