"""What the bakery's registry, its van and its stall must be like; how they came about doesn't matter."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import re
from typing import Any

from course.checks import System, Unmet, check

HERE = "127.0.0.1"
REGISTRY, STALL = 9250, 9251
SHELF = "bakery/bread"
NAME = f"localhost:{REGISTRY}/{SHELF}"
GOOD, BAD = "1.0.0", "1.1.0"
PULL_ONLY = "AmazonEC2ContainerRegistryReadOnly"
# The registry's own key, as the lab's notebook writes it into bakery.sh.
KEY, SECRET = "AKIACOURSELOCALADMIN", "courseLocalECRadminSecretNotForAWSitself"  # noqa: S105
REGION = "eu-central-1"
ECR = "AmazonEC2ContainerRegistry_V20150921"


@check(
    points=2,
    hints=(
        "I asked the registry on port 9250 for its repositories. {seen}",
        "`aws ecr describe-repositories` shows each one with its `imageTagMutability`.",
        "`aws ecr create-repository --repository-name bakery/bread --image-tag-mutability IMMUTABLE`; "
        "`put-image-tag-mutability` changes one that is there.",
    ),
)
def the_shelf_keeps_its_tags(system: System) -> str:
    """There is a repository `bakery/bread`, and its tags can't move."""
    shelf = next((each for each in shelves(system) if each["repositoryName"] == SHELF), None)
    if shelf is None:
        there = ", ".join(sorted(each["repositoryName"] for each in shelves(system))) or "none at all"
        raise Unmet(f"There is no repository {SHELF}; there are: {there}.", "`aws ecr describe-repositories`")
    if shelf["imageTagMutability"] != "IMMUTABLE":
        raise Unmet(
            f"The tags of {SHELF} are {shelf['imageTagMutability']}.",
            "`aws ecr describe-repositories` shows the same.",
        )
    return f"The tags of {SHELF} are IMMUTABLE."


@check(
    points=2,
    hints=(
        "I compared the image that the registry has under 1.0.0 with `bread:1.0.0` on this machine. {seen}",
        "`aws ecr list-images --repository-name bakery/bread` shows what arrived. "
        "A push goes to the registry whose host the name begins with, and needs a login for it.",
        "`docker tag bread:1.0.0 localhost:9250/bakery/bread:1.0.0`, then `docker push` of that name",
    ),
)
def the_good_batch_is_in_the_registry(system: System) -> str:
    """The registry has `bread:1.0.0` under the tag 1.0.0."""
    digest = digests(system).get(GOOD)
    if digest is None:
        raise Unmet(f"{SHELF} has no tag {GOOD}.", f"`aws ecr list-images --repository-name {SHELF}`")
    if digest not in known_digests(system, f"bread:{GOOD}"):
        raise Unmet(
            f"What {SHELF} has under {GOOD} is not the image bread:{GOOD}.",
            "`docker image inspect --format '{{.RepoDigests}}'` shows as what an image was pushed.",
        )
    return f"{SHELF} has bread:{GOOD} under the tag {GOOD}."


@check(
    points=2,
    needs=("the_good_batch_is_in_the_registry",),
    hints=(
        "I looked whether 1.1.0 has been in the registry, and whether it is gone. {seen}",
        "Docker remembers under which digest it has pushed an image. "
        "Deleting an image on this machine deletes nothing in a registry.",
        "`aws ecr batch-delete-image --repository-name bakery/bread --image-ids imageTag=1.1.0`",
    ),
)
def the_bad_batch_is_taken_back(system: System) -> str:
    """`bread:1.1.0` was pushed to the registry, and nobody can pull it any more."""
    pushed = known_digests(system, f"bread:{BAD}")
    if not pushed:
        raise Unmet(
            f"bread:{BAD} was never pushed to {NAME}.",
            f"`docker image inspect --format '{{{{.RepoDigests}}}}' bread:{BAD}`",
        )
    still = sorted(tag for tag, digest in digests(system).items() if tag == BAD or digest in pushed)
    if still:
        raise Unmet(
            f"The registry still has it, as: {', '.join(still)}.",
            f"`aws ecr list-images --repository-name {SHELF}`",
        )
    return f"bread:{BAD} was there, and is gone."


@check(
    points=2,
    hints=(
        "I asked the registry for the user `van`, its policies and its keys. {seen}",
        "`aws iam list-attached-user-policies --user-name van`, and `list-access-keys` of the same. "
        "Chapter 12 has a table of three policies.",
        "`aws iam attach-user-policy --user-name van "
        "--policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly`; "
        "`detach-user-policy` takes another one away.",
    ),
)
def the_van_may_only_pull(system: System) -> str:
    """The user `van` has one access key and may pull, and nothing else."""
    users = found("UserName", iam(system, "ListUsers"))
    if "van" not in users:
        raise Unmet(
            f"There is no user van; there are: {', '.join(users) or 'none at all'}.", "`aws iam list-users`"
        )
    policies = found("PolicyName", iam(system, "ListAttachedUserPolicies", UserName="van"))
    if policies != [PULL_ONLY]:
        raise Unmet(
            f"The policies of van are: {', '.join(policies) or 'none'}.",
            "`aws iam list-attached-user-policies --user-name van`",
        )
    keys = found("AccessKeyId", iam(system, "ListAccessKeys", UserName="van"))
    if len(keys) != 1:
        raise Unmet(
            f"The user van has {len(keys)} access keys.", "`aws iam list-access-keys --user-name van`"
        )
    return f"van has one key and the policy {PULL_ONLY}."


@check(
    points=2,
    hints=(
        "I looked for the stall's door and asked what it sells. {seen}",
        "`docker port stall` shows the door, `curl http://localhost:9251/` what is sold.",
        "`docker rm --force stall`, then `docker run --detach --name stall "
        "--publish 127.0.0.1:9251:8080 IMAGE` with the image of 1.0.0",
    ),
)
def the_stall_sells_the_good_batch(system: System) -> str:
    """`stall` sells bread 1.0.0 on port 9251 of `127.0.0.1`."""
    doors = system.published("stall", "8080/tcp")
    if set(doors) != {(HERE, STALL)}:
        told = ", ".join(f"{host}:{port}" for host, port in sorted(doors)) or "none"
        raise Unmet(f"The stall has these doors: {told}.", "`docker port stall`")
    sold = system.http(STALL, "/").body.strip()
    if sold != f"bread {GOOD}":
        raise Unmet(f"The stall sells: {sold[:60]}.", f"`curl http://localhost:{STALL}/`")
    return f"{HERE}:{STALL} sells bread {GOOD}."


@check(
    points=2,
    needs=("the_good_batch_is_in_the_registry", "the_stall_sells_the_good_batch"),
    hints=(
        "I looked by which name the stall was started. {seen}",
        "`docker inspect --format '{{.Config.Image}}' stall` shows the name. "
        "A tag says what somebody called it, a digest what it is.",
        "`docker run … localhost:9250/bakery/bread@sha256:…`, with the digest that "
        "`aws ecr describe-images` gives for 1.0.0",
    ),
)
def the_stall_names_a_digest(system: System) -> str:
    """The stall was started from the registry's image by its digest."""
    name = system.running("stall")["Config"]["Image"]
    if name != f"{NAME}@{digests(system)[GOOD]}":
        told = re.sub(r"[0-9a-f]{64}", "…", name)
        raise Unmet(
            f"The stall was started as {told}.", "`docker inspect --format '{{.Config.Image}}' stall`"
        )
    return f"The stall was started by the digest of {GOOD}."


def shelves(system: System) -> list[dict[str, Any]]:
    """The registry's repositories."""
    rows: list[dict[str, Any]] = ecr(system, "DescribeRepositories", {})["repositories"]
    return rows


def digests(system: System) -> dict[str, str]:
    """The digest of each tag of the shelf; empty without a shelf."""
    rows = ecr(system, "ListImages", {"repositoryName": SHELF}).get("imageIds", [])
    return {row["imageTag"]: row["imageDigest"] for row in rows if "imageTag" in row}


def known_digests(system: System, tag: str) -> set[str]:
    """The digests under which the image *tag* is known to be in the registry's shelf."""
    names = (each.split("@") for each in system.image(tag)["RepoDigests"] or ())
    return {digest for name, digest in names if name == NAME}


def found(field: str, xml: str) -> list[str]:
    """Every value of *field* in an answer of IAM, sorted."""
    return sorted(re.findall(rf"<{field}>([^<]*)</{field}>", xml.partition("<ResponseMetadata>")[0]))


def ecr(system: System, operation: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The answer of the registry's API, also where it is a refusal."""
    kind = "application/x-amz-json-1.1"
    body = json.dumps(parameters)
    found: dict[str, Any] = json.loads(
        signed(system, "ecr", body, {"content-type": kind, "x-amz-target": f"{ECR}.{operation}"})
    )
    return found


def iam(system: System, action: str, **parameters: str) -> str:
    """The XML that IAM answers."""
    form = {"Action": action, "Version": "2010-05-08", **parameters}
    body = "&".join(f"{name}={value}" for name, value in form.items())
    return signed(system, "iam", body, {"content-type": "application/x-www-form-urlencoded"})


def signed(system: System, service: str, body: str, headers: dict[str, str]) -> str:
    """What the registry answers to a request with the bakery's signature (AWS's Signature Version 4)."""
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {**headers, "host": f"{HERE}:{REGISTRY}", "x-amz-date": stamp}
    names = ";".join(sorted(headers))
    lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
    asked = "\n".join(["POST", "/", "", *lines, "", names, hashlib.sha256(body.encode()).hexdigest()])
    scope = f"{stamp[:8]}/{REGION}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    proof = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={proof}"
    )
    system.running("bakery")
    reply = system.http(REGISTRY, "/", method="POST", body=body.encode(), headers=headers)
    if reply.status in (401, 403):
        raise Unmet(
            "The registry on port 9250 doesn't take the key in bakery.sh.", "`docker logs bakery` says why."
        )
    return reply.body
