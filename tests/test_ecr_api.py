"""The local ECR's API, asked by boto3: repositories, images, policies, users, each with ECR's own errors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from ecr_parts import ACCOUNT, ADMIN, LIST, REGION, Docker, Front, digest_of, noise, running

pytestmark = pytest.mark.fetches  # the registry program may have to come from Debian


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """One local ECR for the tests of this file; each has repositories of its own."""
    with running(tmp_path_factory.mktemp("ecr")) as made:
        yield made
        assert "failed" not in made.log, made.log


@pytest.fixture
def ecr(front: Front) -> Any:
    """The account's own client."""
    return front.client()


def refused(call: Any, **parameters: Any) -> tuple[str, str]:
    """Code and words of the error that a call gives."""
    with pytest.raises(ClientError) as found:
        call(**parameters)
    error = found.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_repository_is_made_described_and_deleted(front: Front, ecr: Any) -> None:
    """Its URI is the host that was asked, so cells take it from there."""
    made = ecr.create_repository(repositoryName="team/life", imageTagMutability="IMMUTABLE")["repository"]
    assert made["repositoryUri"] == f"{front.host}/team/life"
    assert made["repositoryArn"] == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/life"
    assert (made["registryId"], made["imageTagMutability"]) == (ACCOUNT, "IMMUTABLE")
    assert ecr.describe_repositories(repositoryNames=["team/life"])["repositories"] == [made]
    code, words = refused(ecr.create_repository, repositoryName="team/life")
    assert code == "RepositoryAlreadyExistsException"
    assert words == f"The repository with name 'team/life' already exists in the registry with id '{ACCOUNT}'"
    assert ecr.delete_repository(repositoryName="team/life")["repository"]["repositoryName"] == "team/life"
    code, words = refused(ecr.describe_repositories, repositoryNames=["team/life"])
    assert code == "RepositoryNotFoundException"
    assert words == f"The repository with name 'team/life' does not exist in the registry with id '{ACCOUNT}'"


@pytest.mark.parametrize("name", ["Upper", "a", "-x", "a//b", "a/", "a b", "../up", "é" * 3, "x" * 257])
def test_a_wrong_name_is_refused(front: Front, name: str) -> None:
    """In the words of ECR; botocore's own check is not asked."""
    unchecked = boto3.client(
        "ecr", endpoint_url=front.url, region_name=REGION, aws_access_key_id=ADMIN[0],
        aws_secret_access_key=ADMIN[1], config=Config(parameter_validation=False),
    )  # fmt: skip
    code, words = refused(unchecked.create_repository, repositoryName=name)
    assert code == "InvalidParameterException"
    assert words.startswith("Invalid parameter at 'repositoryName' failed to satisfy constraint: '")


def test_lists_come_in_pages(front: Front, ecr: Any) -> None:
    """Each page says how to get the next; a token of another operation is none."""
    names = [f"pages/r{number}" for number in range(5)]
    for name in names:
        ecr.create_repository(repositoryName=name)
    pages = list(ecr.get_paginator("describe_repositories").paginate(PaginationConfig={"PageSize": 2}))
    found = [row["repositoryName"] for page in pages for row in page["repositories"]]
    assert found == sorted(set(found)) and set(names) <= set(found) and len(pages) > 2
    token = ecr.describe_repositories(maxResults=1)["nextToken"]
    assert (
        refused(ecr.list_images, repositoryName=names[0], nextToken=token)[0] == "InvalidParameterException"
    )


def test_images_are_described_with_their_compressed_size(front: Front, ecr: Any) -> None:
    """Digest and size are those of the manifest that was pushed; a pull is noted."""
    ecr.create_repository(repositoryName="described")
    docker = Docker(front, front.login(), "described")
    manifest = docker.image(noise(5000, 1))
    assert docker.put("v1", manifest).status == docker.put("v1.0.0", manifest).status == 201
    (detail,) = ecr.describe_images(repositoryName="described")["imageDetails"]
    assert detail["imageDigest"] == digest_of(manifest)
    assert detail["imageTags"] == ["v1", "v1.0.0"]
    assert detail["imageSizeInBytes"] == json.loads(manifest)["layers"][0]["size"]
    assert "lastRecordedPullTime" not in detail
    assert docker.ask("GET", "manifests/v1").body == manifest
    (detail,) = ecr.describe_images(repositoryName="described", imageIds=[{"imageTag": "v1"}])["imageDetails"]
    assert detail["lastRecordedPullTime"] >= detail["imagePushedAt"]
    code, words = refused(ecr.describe_images, repositoryName="described", imageIds=[{"imageTag": "v9"}])
    assert code == "ImageNotFoundException"
    assert "{imageDigest:'null', imageTag:'v9'} does not exist within the repository with name" in words


def test_deleting_a_tag_leaves_the_others(front: Front, ecr: Any) -> None:
    """The image goes with its last tag, or by its digest with all of them."""
    ecr.create_repository(repositoryName="tags")
    docker = Docker(front, front.login(), "tags")
    manifest = docker.image(b"tags")
    for tag in ("v1", "v2", "v3"):
        assert docker.put(tag, manifest).status == 201
    gone = ecr.batch_delete_image(repositoryName="tags", imageIds=[{"imageTag": "v2"}, {"imageTag": "none"}])
    assert gone["imageIds"] == [{"imageDigest": digest_of(manifest), "imageTag": "v2"}]
    assert [row["failureCode"] for row in gone["failures"]] == ["ImageNotFound"]
    assert docker.ask("GET", "manifests/v1").body == docker.ask("GET", "manifests/v3").body == manifest
    assert docker.ask("GET", "manifests/v2").error == (404, "MANIFEST_UNKNOWN", "Requested image not found")
    listed = ecr.list_images(repositoryName="tags")["imageIds"]
    assert [row["imageTag"] for row in listed] == ["v1", "v3"]
    for tag in ("v1", "v3"):
        ecr.batch_delete_image(repositoryName="tags", imageIds=[{"imageTag": tag}])
    assert ecr.describe_images(repositoryName="tags")["imageDetails"] == []
    assert docker.ask("GET", f"manifests/{digest_of(manifest)}").status == 404
    assert docker.put("v1", docker.image(b"tags")).status == 201, "the same image can come back"
    by_digest = [{"imageDigest": digest_of(manifest)}]
    assert ecr.batch_delete_image(repositoryName="tags", imageIds=by_digest)["failures"] == []


def test_an_immutable_tag_is_never_moved(front: Front, ecr: Any) -> None:
    """Not by a push, not by put-image, not by the same image; a new tag may come, a mutable one may move."""
    ecr.create_repository(repositoryName="fixed", imageTagMutability="IMMUTABLE")
    docker = Docker(front, front.login(), "fixed")
    first = docker.push("v1", b"first")
    manifest = docker.image(b"second")
    words = (
        "The image tag 'v1' already exists in the 'fixed' repository "
        "and cannot be overwritten because the tag is immutable."
    )
    assert docker.put("v1", manifest).error == (400, "TAG_INVALID", words)
    assert docker.put("v1", docker.image(b"first")).error == (400, "TAG_INVALID", words)
    put = {"repositoryName": "fixed", "imageManifest": manifest.decode(), "imageTag": "v1"}
    assert refused(ecr.put_image, **put) == ("ImageTagAlreadyExistsException", words)
    assert ecr.put_image(**put | {"imageTag": "v2"})["image"]["imageId"]["imageTag"] == "v2"
    assert refused(ecr.put_image, **put | {"imageTag": "v2"})[0] == "ImageAlreadyExistsException"
    (detail,) = ecr.describe_images(repositoryName="fixed", imageIds=[{"imageTag": "v1"}])["imageDetails"]
    assert detail["imageDigest"] == first
    ecr.put_image_tag_mutability(repositoryName="fixed", imageTagMutability="MUTABLE")
    assert docker.put("v1", manifest).status == 201
    (untagged,) = ecr.list_images(repositoryName="fixed", filter={"tagStatus": "UNTAGGED"})["imageIds"]
    assert untagged == {"imageDigest": first}


def test_manifests_are_given_and_taken_by_the_api(front: Front, ecr: Any) -> None:
    """A manifest that batch-get-image gives makes a second tag by put-image, as AWS's guide does it."""
    ecr.create_repository(repositoryName="retag")
    docker = Docker(front, front.login(), "retag")
    digest = docker.push("v1", b"retag")
    got = ecr.batch_get_image(repositoryName="retag", imageIds=[{"imageTag": "v1"}, {"imageTag": "no"}])
    assert [row["failureCode"] for row in got["failures"]] == ["ImageNotFound"]
    text = got["images"][0]["imageManifest"]
    assert digest_of(text.encode()) == digest
    ecr.put_image(repositoryName="retag", imageTag="stable", imageManifest=text, imageDigest=digest)
    assert docker.ask("HEAD", "manifests/stable").headers["docker-content-digest"] == digest
    lost = text.replace(json.loads(text)["layers"][0]["digest"], digest_of(b"never sent"))
    put = {"repositoryName": "retag", "imageTag": "lost"}
    assert refused(ecr.put_image, imageManifest=lost, **put)[0] == "LayersNotFoundException"
    assert refused(ecr.put_image, imageManifest="{", **put)[0] == "InvalidParameterException"
    other = {"imageManifest": text, "imageDigest": digest_of(b"x")}
    assert refused(ecr.put_image, **other, **put)[0] == "ImageDigestDoesNotMatchException"


def test_an_index_of_several_platforms_is_kept(front: Front, ecr: Any) -> None:
    """Its parts can't go before it, its size is the largest of theirs, and each part must be there."""
    ecr.create_repository(repositoryName="many")
    docker = Docker(front, front.login(), "many")
    parts = [docker.image(noise(size, size)) for size in (1000, 3000)]
    for part in parts:
        assert docker.put(digest_of(part), part).status == 201
    index = index_of(*parts)
    assert docker.put("v1", index, LIST).status == 201
    assert docker.ask("GET", "manifests/v1").body == index
    (detail,) = ecr.describe_images(repositoryName="many", imageIds=[{"imageTag": "v1"}])["imageDetails"]
    assert detail["imageSizeInBytes"] == json.loads(parts[1])["layers"][0]["size"]
    held = [{"imageDigest": digest_of(parts[0])}]
    (failure,) = ecr.batch_delete_image(repositoryName="many", imageIds=held)["failures"]
    assert failure["failureCode"] == "ImageReferencedByManifestList"
    assert ecr.batch_delete_image(repositoryName="many", imageIds=[{"imageTag": "v1"}])["failures"] == []
    assert ecr.batch_delete_image(repositoryName="many", imageIds=held)["failures"] == []
    lost = index_of(docker.image(b"not put"))
    assert docker.put("v2", lost, LIST).status in (400, 404)


def index_of(*parts: bytes) -> bytes:
    """A manifest list of *parts*."""
    rows = [
        {"mediaType": json.loads(part)["mediaType"], "size": len(part), "digest": digest_of(part)}
        | {"platform": {"os": "linux", "architecture": arch}}
        for part, arch in zip(parts, ("amd64", "arm64"), strict=False)
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": LIST, "manifests": rows}).encode()


def test_a_repository_with_images_goes_only_by_force(front: Front, ecr: Any) -> None:
    """And one made again under the name is empty, also for somebody who knows a layer's digest."""
    ecr.create_repository(repositoryName="full")
    docker = Docker(front, front.login(), "full")
    docker.push("v1", b"full")
    layer = docker.blob(b"a layer")
    code, words = refused(ecr.delete_repository, repositoryName="full")
    assert code == "RepositoryNotEmptyException"
    assert words == (
        f"The repository with name 'full' in registry with id '{ACCOUNT}' cannot be deleted "
        "because it still contains images"
    )
    ecr.delete_repository(repositoryName="full", force=True)
    assert docker.ask("GET", "manifests/v1").error == (
        404, "NAME_UNKNOWN",
        f"The repository with name 'full' does not exist in the registry with id '{ACCOUNT}'",
    )  # fmt: skip
    ecr.create_repository(repositoryName="full")
    assert ecr.list_images(repositoryName="full")["imageIds"] == []
    assert docker.ask("HEAD", f"blobs/{layer}").status == 404


def test_nothing_is_scanned_and_that_is_said(front: Front, ecr: Any) -> None:
    """No finding is made up."""
    ecr.create_repository(repositoryName="scan", imageScanningConfiguration={"scanOnPush": True})
    Docker(front, front.login(), "scan").push("v1", b"scan")
    call = {"repositoryName": "scan", "imageId": {"imageTag": "v1"}}
    code, words = refused(ecr.describe_image_scan_findings, **call)
    assert code == "ScanNotFoundException" and words.startswith(
        "Image scan does not exist for the image with "
    )
    code, words = refused(ecr.start_image_scan, **call)
    assert code == "UnsupportedOperationException" and "docs/ecr.md" in words


def test_labels_of_a_repository(ecr: Any) -> None:
    """They are kept, shown and taken away."""
    arn = ecr.create_repository(repositoryName="labels", tags=[{"Key": "team", "Value": "a"}])["repository"]
    name = {"resourceArn": arn["repositoryArn"]}
    ecr.tag_resource(tags=[{"Key": "cost", "Value": "low"}], **name)
    ecr.untag_resource(tagKeys=["team"], **name)
    assert ecr.list_tags_for_resource(**name)["tags"] == [{"Key": "cost", "Value": "low"}]


def policy(**selection: Any) -> str:
    """A lifecycle policy of one rule."""
    rule = {"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}
    return json.dumps({"rules": [rule]}, indent=2)


def test_a_lifecycle_policy_is_previewed_and_applied(tmp_path: Path) -> None:
    """The preview says what goes; it goes when the server's clock is a day on."""
    with running(tmp_path / "ecr") as front:
        ecr = front.client()
        ecr.create_repository(repositoryName="old")
        docker = Docker(front, front.login(), "old")
        digests = [docker.push(f"v{number}", f"image {number}".encode()) for number in range(3)]
        text = policy(tagStatus="any", countType="imageCountMoreThan", countNumber=1)
        assert (
            refused(ecr.get_lifecycle_policy, repositoryName="old")[0] == "LifecyclePolicyNotFoundException"
        )
        ecr.put_lifecycle_policy(repositoryName="old", lifecyclePolicyText=text)
        ecr.start_lifecycle_policy_preview(repositoryName="old")
        preview = ecr.get_lifecycle_policy_preview(repositoryName="old")
        assert preview["status"] == "COMPLETE" and preview["summary"] == {"expiringImageTotalCount": 2}
        assert {row["imageDigest"] for row in preview["previewResults"]} == set(digests[:2])
        assert len(ecr.list_images(repositoryName="old")["imageIds"]) == 3
        assert front.clock("+25h").returncode == 0
        gone = until_left(ecr, 1)
        assert gone == [{"imageDigest": digests[2], "imageTag": "v2"}]
        ecr.delete_lifecycle_policy(repositoryName="old")
        assert (
            refused(ecr.get_lifecycle_policy, repositoryName="old")[0] == "LifecyclePolicyNotFoundException"
        )


def until_left(ecr: Any, number: int) -> list[dict[str, str]]:
    """What is listed when only *number* images are left."""
    deadline = time.monotonic() + 20
    while len(found := ecr.list_images(repositoryName="old")["imageIds"]) > number:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return list(found)


MORE_THAN_ONE = {"countType": "imageCountMoreThan", "countNumber": 1}
A_DAY = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1}


@pytest.mark.parametrize(
    ("selection", "expired"),
    [
        ({"tagStatus": "tagged", "tagPrefixList": ["prod"], **MORE_THAN_ONE}, {"prod-1"}),
        ({"tagStatus": "tagged", "tagPatternList": ["*-1"], **MORE_THAN_ONE}, {"prod-1"}),
        ({"tagStatus": "untagged", **A_DAY}, set()),
        ({"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3}, {"prod-1"}),
    ],
)
def test_rules_select_by_tag_and_count(front: Front, ecr: Any, selection: Any, expired: set[str]) -> None:
    """The newest of those selected stay."""
    name = f"rules/{abs(hash(json.dumps(selection)))}"
    ecr.create_repository(repositoryName=name)
    docker = Docker(front, front.login(), name)
    for tag in ("prod-1", "dev-1", "prod-2", "dev-2"):
        docker.push(tag, tag.encode())
    text = policy(**selection)
    ecr.start_lifecycle_policy_preview(repositoryName=name, lifecyclePolicyText=text)
    found = ecr.get_lifecycle_policy_preview(repositoryName=name)["previewResults"]
    assert {tag for row in found for tag in row["imageTags"]} == expired


@pytest.mark.parametrize(
    "text",
    [
        "{" * 200,
        json.dumps({"rules": []}) + " " * 100,
        json.dumps([1] * 50),
        policy(tagStatus="any", countType="sinceImagePushed", countNumber=1) + " " * 50,
        policy(tagStatus="tagged", countType="imageCountMoreThan", countNumber=1) + " " * 50,
        policy(tagStatus="any", countType="imageCountMoreThan", countNumber=0) + " " * 50,
        policy(tagStatus=[], countType={}, countNumber="x") + " " * 50,
    ],
)
def test_a_wrong_lifecycle_policy_is_refused(ecr: Any, text: str) -> None:
    """With ECR's code, and nothing is kept."""
    ecr.create_repository(repositoryName="wrong")
    try:
        call = {"repositoryName": "wrong", "lifecyclePolicyText": text}
        code, words = refused(ecr.put_lifecycle_policy, **call)
        assert code == "InvalidParameterException" and "Lifecycle policy validation failure" in words
        assert (
            refused(ecr.get_lifecycle_policy, repositoryName="wrong")[0] == "LifecyclePolicyNotFoundException"
        )
    finally:
        ecr.delete_repository(repositoryName="wrong")


# Users and rights ----------------------------------------------------------------------------------------


def test_who_am_i(front: Front) -> None:
    """The account itself, and a user."""
    told = front.client("sts").get_caller_identity()
    assert (told["Arn"], told["UserId"]) == (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT)
    key = front.user("who")
    assert front.client("sts", key).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/who"


def test_a_user_lives_and_ends_as_in_iam(front: Front) -> None:
    """Not deleted before its keys and policies; a deleted key opens nothing."""
    iam, key = front.client("iam"), front.user("life", "ReadOnly")
    named = {"UserName": "life"}
    (attached,) = iam.list_attached_user_policies(**named)["AttachedPolicies"]
    assert attached["PolicyName"] == "AmazonEC2ContainerRegistryReadOnly"
    assert refused(iam.create_user, **named)[0] == "EntityAlreadyExists"
    assert refused(iam.delete_user, **named)[0] == "DeleteConflict"
    iam.create_access_key(**named)
    assert refused(iam.create_access_key, **named)[0] == "LimitExceeded"
    for row in iam.list_access_keys(**named)["AccessKeyMetadata"]:
        iam.delete_access_key(AccessKeyId=row["AccessKeyId"], **named)
    assert refused(iam.delete_user, **named)[0] == "DeleteConflict"
    iam.detach_user_policy(PolicyArn=attached["PolicyArn"], **named)
    iam.delete_user(**named)
    assert refused(iam.get_user, **named)[0] == "NoSuchEntity"
    assert refused(front.client(key=key).describe_repositories)[0] == "UnrecognizedClientException"
    missing = {"UserName": "nobody", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    assert refused(iam.attach_user_policy, **missing)[0] == "NoSuchEntity"


def test_each_policy_permits_what_it_says(front: Front, ecr: Any) -> None:
    """Nobody, reader, power user and full access, on the API and on registry v2."""
    ecr.create_repository(repositoryName="rights")
    Docker(front, front.login(), "rights").push("v1", b"rights")
    may: dict[str, dict[str, bool]] = {}
    for name, policies in {
        "none": (),
        "read": ("ReadOnly",),
        "power": ("PowerUser",),
        "full": ("FullAccess",),
    }.items():
        key = front.user(f"rights-{name}", *policies)
        client = front.client(key=key)
        may[name] = {
            "describe": passes(client.describe_images, repositoryName="rights"),
            "delete-tag": passes(
                client.batch_delete_image, repositoryName="rights", imageIds=[{"imageTag": "no"}]
            ),
            "create": passes(client.create_repository, repositoryName=f"made-by/{name}"),
            "user": passes(front.client("iam", key).create_user, UserName=f"by-{name}"),
        }
        if name == "none":
            assert refused(client.get_authorization_token)[0] == "AccessDeniedException"
            continue
        docker = Docker(front, front.login(key), "rights")
        may[name] |= {
            "pull": docker.ask("GET", "manifests/v1").status == 200,
            "start": docker.ask("POST", "blobs/uploads/").status == 202,
            "put": docker.put("v2", docker.ask("GET", "manifests/v1").body).status == 201,
        }
    nothing = dict.fromkeys(("describe", "delete-tag", "create", "user"), False)
    assert may == {
        "none": nothing,
        "read": nothing | {"describe": True, "pull": True, "start": False, "put": False},
        "power": nothing | {"describe": True, "pull": True, "start": True, "put": True},
        "full": {
            "describe": True, "delete-tag": True, "create": True, "user": False,
            "pull": True, "start": True, "put": True,
        },
    }  # fmt: skip


def passes(call: Any, **parameters: Any) -> bool:
    """Whether a call is permitted."""
    try:
        call(**parameters)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        assert code in ("AccessDeniedException", "AccessDenied"), error
        return False
    return True


def test_a_pull_only_user_is_told_what_is_missing(front: Front, ecr: Any) -> None:
    """In the words that docker shows."""
    ecr.create_repository(repositoryName="readers")
    docker = Docker(front, front.login(front.user("reader", "ReadOnly")), "readers")
    status, code, words = docker.ask("POST", "blobs/uploads/").error
    assert (status, code) == (403, "DENIED")
    assert words == (
        f"User: arn:aws:iam::{ACCOUNT}:user/reader is not authorized to perform: ecr:InitiateLayerUpload "
        f"on resource: arn:aws:ecr:{REGION}:{ACCOUNT}:repository/readers because no identity-based policy "
        "allows the ecr:InitiateLayerUpload action"
    )


def test_another_account_is_not_ours(ecr: Any) -> None:
    """A registry with another number is denied, not answered from this one."""
    assert refused(ecr.describe_repositories, registryId="210987654321")[0] == "AccessDeniedException"
