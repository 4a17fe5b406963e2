"""ECR's operations on the images of a repository."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from front.call import Call
from front.images import TAG
from front.manifests import DIGEST, MANIFEST_BYTES, read_manifest
from front.refusal import Refusal, invalid
from front.repositories import Result, the

Id = dict[str, str]
FAILURES = {
    "InvalidImageDigest": "Invalid request parameters: image digest should satisfy the regex "
    "'[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
    "InvalidImageTag": "Invalid request parameters: image tag should satisfy the regex '" + TAG + "'",
    "ImageTagDoesNotMatchDigest": "Image tag does not match the image digest",
    "ImageNotFound": "Requested image not found",
    "MissingDigestAndTag": "Invalid request parameters: both tag and digest cannot be null",
    "ImageReferencedByManifestList": "Requested image referenced by manifest list: [{holder}]",
}


def list_(call: Call) -> Result:
    """ListImages: each tag, and each image that has none."""
    repository = the(call)
    rows = call.registry.state.rows(
        "select images.digest, tags.name from images left join tags on tags.repository = images.repository "
        "and tags.digest = images.digest where images.repository = ? "
        "order by images.digest || coalesce(tags.name, '')",
        repository["id"],
    )
    found = [_id(row["digest"], row["name"]) for row in rows if _is_wanted(call, row["name"] is not None)]
    page, more = call.page(found, lambda id_: id_["imageDigest"] + id_.get("imageTag", ""))
    return {"imageIds": page, **more}


def describe(call: Call) -> Result:
    """DescribeImages."""
    repository = the(call)
    if ids := call.get("imageIds"):
        found = {image["digest"]: image for image in _must_find(call, repository, ids)}
        images = [found[digest] for digest in sorted(found)]
    else:
        images = sorted(call.images.all(repository), key=lambda image: str(image["digest"]))
    pairs = [(image, call.images.tags(repository, image["digest"])) for image in images]
    pairs = [pair for pair in pairs if _is_wanted(call, bool(pair[1]))]
    page, more = call.page(pairs, lambda pair: str(pair[0]["digest"]))
    return {"imageDetails": [_detail(call, *pair) for pair in page], **more}


def _detail(call: Call, image: sqlite3.Row, tags: list[str]) -> Result:
    told = {
        "registryId": call.account,
        "repositoryName": call.get("repositoryName"),
        "imageDigest": image["digest"],
        **({"imageTags": tags} if tags else {}),
        "imageSizeInBytes": image["size"],
        "imagePushedAt": round(image["pushed"], 3),
        "imageManifestMediaType": image["type"],
    }
    told |= {"artifactMediaType": image["artifact"]} if image["artifact"] else {}
    return told | ({"lastRecordedPullTime": round(image["pulled"], 3)} if image["pulled"] else {})


def _is_wanted(call: Call, is_tagged: bool) -> bool:
    wanted = call.get("filter", {}).get("tagStatus", "ANY")
    return wanted == "ANY" or bool(wanted == "TAGGED") == is_tagged


def _must_find(call: Call, repository: sqlite3.Row, ids: list[Id]) -> Iterator[sqlite3.Row]:
    for id_ in ids:
        image = _find(call, repository, id_)
        if isinstance(image, str):
            digest, tag = id_.get("imageDigest") or "null", id_.get("imageTag") or "null"
            raise Refusal(
                "ImageNotFoundException",
                f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within "
                f"the repository with name '{repository['name']}' in the registry with id '{call.account}'",
            )
        yield image


def _find(call: Call, repository: sqlite3.Row, id_: Id) -> sqlite3.Row | str:
    """The image that *id_* means, or the code of the failure."""
    digest, tag = id_.get("imageDigest"), id_.get("imageTag")
    if digest is None and tag is None:
        return "MissingDigestAndTag"
    if digest is not None and not re.fullmatch(DIGEST, digest):
        return "InvalidImageDigest"
    if tag is not None and not re.fullmatch(TAG, tag):
        return "InvalidImageTag"
    image = call.images.find(repository, tag or digest or "")
    if image is None:
        return "ImageNotFound"
    return image if digest in (None, image["digest"]) else "ImageTagDoesNotMatchDigest"


def get(call: Call) -> Result:
    """BatchGetImage."""
    repository, found, failures = the(call), [], []
    for id_ in call.get("imageIds"):
        image = _find(call, repository, id_)
        if isinstance(image, str):
            failures.append(_failure(id_, image))
            continue
        text = call.images.manifest(repository, image).all(MANIFEST_BYTES).decode()
        call.images.pulled(image)
        found.append(_image(call, image["digest"], id_.get("imageTag"), text, image["type"]))
    return {"images": found, "failures": failures}


def delete(call: Call) -> Result:
    """BatchDeleteImage: by digest the image with its tags; by tag only that, and with the last the image."""
    repository, gone, failures = the(call), [], []
    for id_ in call.get("imageIds"):
        image = _find(call, repository, id_)
        if isinstance(image, str):
            failures.append(_failure(id_, image))
            continue
        digest, tag = image["digest"], id_.get("imageTag")
        tags = call.images.tags(repository, digest)
        if tag is not None and tags != [tag]:
            call.images.untag(repository, tag)
            gone.append(_id(digest, tag))
        elif holder := call.images.holder(repository, digest):
            failures.append(_failure(id_, "ImageReferencedByManifestList", holder))
        else:
            call.images.drop(repository, digest)
            gone += [_id(digest, name) for name in tags] or [_id(digest)]
    return {"imageIds": gone, "failures": failures}


def put(call: Call) -> Result:
    """PutImage."""
    repository, tag, said = the(call), call.get("imageTag"), call.get("imageDigest")
    if tag is not None and not re.fullmatch(TAG, tag):
        raise invalid("imageTag", f"must satisfy regular expression '{TAG}'")
    text = call.get("imageManifest")
    manifest = read_manifest(text.encode(), call.get("imageManifestMediaType"))
    if said not in (None, manifest.digest):
        words = f"The provided digest {said} does not match the digest of the image, {manifest.digest}"
        raise Refusal("ImageDigestDoesNotMatchException", words)
    here = call.images.find(repository, manifest.digest)
    if here is not None and (tag is None or tag in call.images.tags(repository, manifest.digest)):
        shown = f"{{imageDigest:'{manifest.digest}', imageTag:'{tag or 'null'}'}}"
        words = (
            f"Image with imageId {shown} already exists in the repository with name '{repository['name']}' "
        )
        raise Refusal("ImageAlreadyExistsException", f"{words}in registry with id '{call.account}'")
    try:
        call.images.put(repository, manifest, tag)
    except Refusal as refusal:
        raise _in_words_of_the_api(refusal) from None
    return {"image": _image(call, manifest.digest, tag, text, manifest.type)}


def _in_words_of_the_api(refusal: Refusal) -> Refusal:
    """What the registry behind says about a manifest, as the API says it."""
    if refusal.code == "MANIFEST_BLOB_UNKNOWN":
        return Refusal("LayersNotFoundException", "The manifest names layers that are not in the repository")
    if refusal.code.startswith("MANIFEST_"):
        return invalid("ImageManifest", refusal.message)
    return refusal


def scan_findings(call: Call) -> Result:
    """DescribeImageScanFindings: there are never any."""
    repository = the(call)
    id_ = call.get("imageId")
    (image,) = _must_find(call, repository, [id_])
    raise Refusal(
        "ScanNotFoundException",
        f"Image scan does not exist for the image with '{{imageDigest:'{image['digest']}', "
        f"imageTag:'{id_.get('imageTag') or 'null'}'}}' in the repository with name "
        f"'{repository['name']}' in the registry with id '{call.account}'",
    )


def _image(call: Call, digest: str, tag: str | None, text: str, type_: str) -> Result:
    told: Result = {"registryId": call.account, "repositoryName": call.get("repositoryName")}
    return {**told, "imageId": _id(digest, tag), "imageManifest": text, "imageManifestMediaType": type_}


def _id(digest: str, tag: str | None = None) -> Id:
    return {"imageDigest": digest} | ({"imageTag": tag} if tag else {})


def _failure(id_: Id, code: str, holder: str = "") -> dict[str, Any]:
    known = {name: id_[name] for name in ("imageDigest", "imageTag") if id_.get(name)}
    return {
        "imageId": known,
        "failureCode": code,
        "failureReason": FAILURES[code].replace("{holder}", holder),
    }
