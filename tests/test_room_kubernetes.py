"""The values for a room on Kubernetes keep what a room promises; tests/test_room_pod.py starts a pod."""

from __future__ import annotations

from typing import Any

import pod
import yaml  # type: ignore[import-untyped]
from pod import SPAWNER, VALUES

from course import workshop
from course.grade import engines
from room import disk

MIRROR: list[dict[str, Any]] = list(yaml.safe_load_all((pod.FOLDER / "mirror.yaml").read_text()))
RECIPE = (pod.FOLDER / "Dockerfile").read_text()


def test_nothing_in_a_learners_pod_is_privileged() -> None:
    """The engine has the grader's two rights and no more, and root in the pod is nobody on the node."""
    single = VALUES["singleuser"]
    context = SPAWNER["container_security_context"]
    assert context["privileged"] is False
    assert context["capabilities"] == {"drop": ["ALL"], "add": ["SETUID", "SETGID"]}
    assert single["uid"] == engines.ENGINE_USER
    assert single["extraPodConfig"]["hostUsers"] is False
    assert single["cloudMetadata"]["blockWithIptables"] is False
    assert single["memory"]["limit"] and single["cpu"]["limit"]
    assert "extraContainers" not in single


def test_answers_are_left_out_of_the_list_of_files_as_elsewhere() -> None:
    """What `make lab` hides beside a notebook is hidden in a pod."""
    answers = {f"--ContentsManager.hide_globs={each}" for each in workshop.HIDDEN if each.endswith(".toml")}
    assert answers and answers <= set(SPAWNER["args"])


def test_the_engines_users_are_those_that_a_pod_has() -> None:
    """All below 65536, once each, but the pod's root and the engine's own; a pod has no others."""
    ranges = [line.split(":") for line in pod.numbers().split()]
    assert {name for name, _, _ in ranges} == {"engine"}
    given = [number for _, first, count in ranges for number in range(int(first), int(first) + int(count))]
    assert sorted(given) == sorted({*range(65536)} - {0, engines.ENGINE_USER})


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
    """Name and port in the pod's words are those of the mirror's service."""
    service = next(each for each in MIRROR if each["kind"] == "Service")
    port = service["spec"]["ports"][0]["port"]
    assert VALUES["singleuser"]["extraEnv"]["COURSE_MIRROR"] == f"{service['metadata']['name']}:{port}"


def test_the_image_has_what_a_room_gives() -> None:
    """The same parts of the course as a learner's disk, and no solution."""
    copied = [names for context, names, target in pod.COPY.findall(RECIPE) if target != "/room/"]
    assert {name for names in copied for name in names.split() if name != "."} == {*disk.GIVEN}
