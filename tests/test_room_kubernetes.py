"""The values for a room on Kubernetes keep what a room promises; the chart isn't here to be rendered."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from room import disk

FOLDER = Path(disk.__file__).parent / "kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "values.yaml").read_text())
MIRROR: list[dict[str, Any]] = list(yaml.safe_load_all((FOLDER / "mirror.yaml").read_text()))


def test_nothing_in_a_learners_pod_is_privileged() -> None:
    """The engine has the grader's two rights and no more, and root in the pod is nobody on the node."""
    (sidecar,) = VALUES["singleuser"]["extraContainers"]
    context = sidecar["securityContext"]
    assert context["privileged"] is False
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["SETUID", "SETGID"]}
    assert context["runAsUser"] != 0
    assert VALUES["singleuser"]["extraPodConfig"]["hostUsers"] is False
    assert sidecar["resources"]["limits"] and VALUES["singleuser"]["memory"]["limit"]


def test_a_learners_pod_reaches_the_mirror_and_nothing_else_outside() -> None:
    """Neither the internet nor private addresses; one rule leads out, to the pods of the mirror."""
    policy = VALUES["singleuser"]["networkPolicy"]
    assert policy["enabled"] is True
    rules = policy["egressAllowRules"]
    assert not any(rules[name] for name in ("nonPrivateIPs", "privateIPs", "cloudMetadataServer"))
    (egress,) = policy["egress"]
    labels = MIRROR[0]["spec"]["template"]["metadata"]["labels"]
    assert egress["to"] == [{"podSelector": {"matchLabels": labels}}]
    assert "ingress" not in policy


def test_the_engine_asks_the_mirror_that_is_there() -> None:
    """Name and port in the engine's words are those of the mirror's service."""
    service = next(each for each in MIRROR if each["kind"] == "Service")
    port = service["spec"]["ports"][0]["port"]
    (sidecar,) = VALUES["singleuser"]["extraContainers"]
    assert f"--registry-mirror=http://{service['metadata']['name']}:{port}" in sidecar["args"]


def test_the_image_has_what_a_room_gives() -> None:
    """The same parts of the course as a learner's disk, and no solution."""
    copied = re.findall(
        r"^COPY --from=course (?:--chmod=\d+ )?(.+) \S+$", (FOLDER / "Dockerfile").read_text(), re.M
    )
    names = {name for line in copied for name in line.split()}
    assert names == {*disk.GIVEN, "room/kubernetes/start-server"}
