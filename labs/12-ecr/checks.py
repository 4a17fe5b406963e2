"""What the bakery's registry, its van and its stall must be like; how they came about doesn't matter."""

from __future__ import annotations

import re

from course.checks import System, Unmet, check
from course.checks.aws import Account

HERE = "127.0.0.1"
REGISTRY, STALL = 9250, 9251
SHELF = "bakery/bread"
NAME = f"localhost:{REGISTRY}/{SHELF}"
GOOD, BAD = "1.0.0", "1.1.0"
BAKERY = Account("bakery", REGISTRY)


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
    return BAKERY.tags_stay(system, SHELF)


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
    digest = BAKERY.tags(system, SHELF).get(GOOD)
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
    there = BAKERY.tags(system, SHELF)
    still = sorted(tag for tag, digest in there.items() if tag == BAD or digest in pushed)
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
    return BAKERY.may_only_pull(system, "van")


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
    if name != f"{NAME}@{BAKERY.tags(system, SHELF)[GOOD]}":
        told = re.sub(r"[0-9a-f]{64}", "…", name)
        raise Unmet(
            f"The stall was started as {told}.", "`docker inspect --format '{{.Config.Image}}' stall`"
        )
    return f"The stall was started by the digest of {GOOD}."


def known_digests(system: System, tag: str) -> set[str]:
    """The digests under which the image *tag* is known to be in the registry's shelf."""
    names = (each.split("@") for each in system.image(tag)["RepoDigests"] or ())
    return {digest for name, digest in names if name == NAME}
