"""The managed policies of IAM that the course uses, and what each of them permits."""

from __future__ import annotations

from collections.abc import Iterable

READ = frozenset(
    f"ecr:{action}"
    for action in (
        "GetAuthorizationToken", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer",
        "GetRepositoryPolicy", "DescribeRepositories", "ListImages", "DescribeImages", "BatchGetImage",
        "GetLifecyclePolicy", "GetLifecyclePolicyPreview", "ListTagsForResource", "DescribeImageScanFindings",
    )
)  # fmt: skip
WRITE = frozenset(
    {"ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"}
)
PREFIX = "arn:aws:iam::aws:policy/"
# A policy that ends in * permits every action that begins so.
MANAGED: dict[str, frozenset[str]] = {
    f"{PREFIX}AmazonEC2ContainerRegistryReadOnly": READ,
    f"{PREFIX}AmazonEC2ContainerRegistryPowerUser": READ | WRITE,
    f"{PREFIX}AmazonEC2ContainerRegistryFullAccess": frozenset({"ecr:*"}),
    f"{PREFIX}AdministratorAccess": frozenset({"*"}),
}


def name(arn: str) -> str:
    """The short name of a policy."""
    return arn.rpartition("/")[2]


def permits(arns: Iterable[str], action: str) -> bool:
    """Whether any of these policies permits *action*."""
    return any(_covers(pattern, action) for arn in arns for pattern in MANAGED[arn])


def _covers(pattern: str, action: str) -> bool:
    return action.startswith(pattern[:-1]) if pattern.endswith("*") else action == pattern
