"""What a build costs, and where a secret stays, is read right: on logs as they are, and on real builds."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from course import engine, measure
from course.measure.builds import context_bytes

BASE = "busybox:1.37"
SECRET = "hunter-4711"
LOG = """#3 [internal] load .dockerignore
#3 transferring context: 69B done
#5 [internal] load build context
#5 transferring context: 1.02MB 0.1s
#5 transferring context: 20.85MB 1.0s done
"""


@pytest.mark.parametrize(
    ("log", "expected"), [(LOG, 20.85e6), (LOG.replace("20.85MB", "93.16kB"), 1.02e6), ("", 0)]
)
def test_the_context_is_what_was_sent_in_the_end(log: str, expected: float) -> None:
    """The largest of the context's own lines counts, and not what .dockerignore took."""
    assert context_bytes(log) == pytest.approx(expected)


def test_what_a_build_costs(tmp_path: Path) -> None:
    """All of the folder is sent each time, the image's own bytes are counted, and no image is left."""
    folder, dockerfile = tmp_path / "context", tmp_path / "Dockerfile"
    folder.mkdir()
    (folder / "large").write_bytes(bytes(3_000_000))
    dockerfile.write_text(f"FROM {BASE}\nCOPY . /given\n")

    def images() -> set[str]:
        return {image["Id"] for image in engine.client().api.images()}

    before = images()
    costs = [
        measure.build_cost("once", folder, dockerfile, lambda copy: (copy / "new").write_text("new"))
        for _ in range(2)
    ]
    table = measure.build_costs(costs)
    assert all(abs(mb - 3) < 0.1 for mb in [*table["context_mb"], *table["added_mb"]])
    assert (table[["build_s", "rebuild_s"]] > 0).all().all()
    assert images() == before
    assert not (folder / "new").exists()


LINES = {
    "docker history": f"ARG TOKEN={SECRET}\nRUN true",
    "docker image inspect": f"ENV TOKEN={SECRET}",
    "files of a layer": "COPY token /token\nRUN rm /token",
    "nowhere": "RUN --mount=type=secret,id=token cat /run/secrets/token > /dev/null",
}


@pytest.fixture(params=LINES)
def leak(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """An image that used the secret in one way; the place where it must be found, and the tag."""
    place, tag = str(request.param), f"measured-{uuid.uuid4().hex[:12]}:1"
    (tmp_path / "token").write_text(SECRET)
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\n{LINES[place]}\n")
    subprocess.run(
        ["docker", "build", "--quiet", "--secret", f"id=token,src={tmp_path}/token", "--tag", tag, tmp_path],
        check=True, capture_output=True, env=engine.environment(),
    )  # fmt: skip
    yield place, tag
    engine.client().api.remove_image(tag)


def test_a_secret_is_found_where_it_is(leak: tuple[str, str]) -> None:
    """Each way to use it leaves it in its own place, and the secret mount in none."""
    place, tag = leak
    found = measure.traces(SECRET, tag).loc[tag]
    assert found.any() == (place != "nowhere")
    assert place == "nowhere" or found[place]
