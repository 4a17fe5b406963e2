"""A terminal on a machine where the local ECR's image runs, with `aws` and docker; expects nothing itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecr_parts import ADMIN, POLICY, REGION
from image_runs import container, have, host_port, logged

from course import engine

if TYPE_CHECKING:
    from docker.models.containers import Container

TAG = "course/ecr:1"
SMALL = "busybox:1.37"
WITHIN_SECONDS = 120
REFUSED = 255  # version 2 of the command says 254


@dataclass
class Room:
    """A registry that runs, and a terminal with a docker configuration and an AWS key of its own."""

    run: Container
    home: Path
    key: tuple[str, str] = ADMIN
    made: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        """How images are named that go there."""
        return f"localhost:{host_port(self.run, '5000/tcp')}"

    def environment(self) -> dict[str, str]:
        """What a learner's terminal has set."""
        programs = Path(sys.executable).parent
        return {
            **os.environ, **engine.environment(), "DOCKER_CONFIG": str(self.home), "HOME": str(self.home),
            "PATH": f"{programs}:{os.environ['PATH']}", "AWS_ENDPOINT_URL": f"http://{self.host}",
            "AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": self.key[0],
            "AWS_SECRET_ACCESS_KEY": self.key[1], "AWS_PAGER": "",
        }  # fmt: skip

    def types(self, line: str, code: int = 0) -> str:
        """What a line in a terminal says."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line], env=self.environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=WITHIN_SECONDS,
        )  # fmt: skip
        assert done.returncode == code, f"{line} ended with {done.returncode}, not {code}:\n{done.stdout}"
        return done.stdout.strip()

    def aws(self, words: str, code: int = 0) -> str:
        """What `aws` says."""
        return self.types(f"aws {words}", code)

    def asks(self, words: str) -> Any:
        """What `aws` answers."""
        return json.loads(self.aws(f"{words} --output json"))

    def login(self) -> str:
        """Log docker in, as AWS's guide does it."""
        return self.types(
            f"aws ecr get-login-password | docker login --username AWS --password-stdin {self.host}"
        )

    def image(self, name: str, of: str = SMALL) -> str:
        """Give an image of the engine a name in this registry."""
        have(of)
        full = f"{self.host}/{name}"
        self.types(f"docker tag {of} {full}")
        self.made.append(full)
        return full

    def user(self, name: str, home: Path, *policies: str) -> Room:
        """The terminal of a new user."""
        self.aws(f"iam create-user --user-name {name}")
        for policy in policies:
            self.aws(f"iam attach-user-policy --user-name {name} --policy-arn {POLICY}{policy}")
        made = self.asks(f"iam create-access-key --user-name {name}")["AccessKey"]
        return Room(self.run, home, (made["AccessKeyId"], made["SecretAccessKey"]), self.made)


@contextmanager
def a_registry() -> Iterator[Container]:
    """A registry that is ready, and goes with the block."""
    with container(TAG, ports={"5000/tcp": ("127.0.0.1", None)}) as run:
        logged("is ready on port 5000", run)
        yield run


@contextmanager
def cleared(room: Room) -> Iterator[None]:
    """Take away the names that the block gave to images."""
    try:
        yield
    finally:
        hosts = {name.partition("/")[0] for name in room.made}
        while left := [name for name in every_name() if name.partition("/")[0] in hosts]:
            engine.client().images.remove(left[0], force=True)


def every_name() -> list[str]:
    """Every tag and digest under which the engine has an image."""
    images = engine.client().images.list()
    return [name for image in images for name in [*image.tags, *(image.attrs["RepoDigests"] or [])]]


def second_image(room: Room, name: str) -> str:
    """Another small image under a name in this registry."""
    full = f"{room.host}/{name}"
    room.types(f"printf 'FROM {SMALL}\\nLABEL other={name}\\n' | docker build --quiet --tag {full} -")
    room.made.append(full)
    return full
