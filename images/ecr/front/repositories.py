"""ECR's operations on repositories, and the login token."""

from __future__ import annotations

import base64
import re
import sqlite3
from typing import Any

from front import tokens
from front.call import Call
from front.images import IMMUTABLE, NAME
from front.refusal import Refusal, invalid, no_repository

Result = dict[str, Any]
MUTABILITIES = {"MUTABLE", IMMUTABLE}


def shown(call: Call, repository: sqlite3.Row) -> Result:
    """A repository as ECR describes it."""
    name = repository["name"]
    return {
        "repositoryArn": call.arn(name),
        "registryId": call.account,
        "repositoryName": name,
        "repositoryUri": f"{call.registry.settings.host or call.host}/{name}",
        "createdAt": round(repository["created"], 3),
        "imageTagMutability": repository["mutability"],
        "imageScanningConfiguration": {"scanOnPush": bool(repository["scans"])},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }


def the(call: Call) -> sqlite3.Row:
    """The repository that the call names."""
    return call.images.repository(call.get("repositoryName"))


def create(call: Call) -> Result:
    """CreateRepository."""
    name = call.get("repositoryName")
    if not re.fullmatch(NAME, name, re.ASCII):
        raise invalid("repositoryName", f"must satisfy regular expression '{NAME}'")
    if call.get("encryptionConfiguration", {}).get("encryptionType", "AES256") != "AES256":
        raise invalid(
            "encryptionConfiguration", "the course's local ECR encrypts nothing: leave it out, or AES256"
        )
    scans = bool(call.get("imageScanningConfiguration", {}).get("scanOnPush", False))
    with call.registry.state.change():
        made = call.images.create(name, _mutability(call, "MUTABLE"), scans)
        _label(call, made, call.get("tags", []))
    return {"repository": shown(call, made)}


def describe(call: Call) -> Result:
    """DescribeRepositories."""
    found = call.registry.state.rows("select * from repositories order by name")
    if names := call.get("repositoryNames"):
        known = {row["name"]: row for row in found}
        for name in names:
            if name not in known:
                raise no_repository(name, call.account)
        found = [known[name] for name in sorted(set(names))]
    page, more = call.page(found, lambda row: str(row["name"]))
    return {"repositories": [shown(call, row) for row in page], **more}


def delete(call: Call) -> Result:
    """DeleteRepository."""
    repository = the(call)
    call.images.remove(repository, force=bool(call.get("force", False)))
    gone = shown(call, repository)
    kept = (
        "repositoryArn",
        "registryId",
        "repositoryName",
        "repositoryUri",
        "createdAt",
        "imageTagMutability",
    )
    return {"repository": {name: gone[name] for name in kept}}


def put_mutability(call: Call) -> Result:
    """PutImageTagMutability."""
    repository, mutability = the(call), _mutability(call)
    call.registry.state.run(
        "update repositories set mutability = ? where id = ?", mutability, repository["id"]
    )
    return {**named(call), "imageTagMutability": mutability}


def put_scanning(call: Call) -> Result:
    """PutImageScanningConfiguration: kept and shown; nothing is scanned."""
    repository, scans = the(call), bool(call.get("imageScanningConfiguration", {}).get("scanOnPush", False))
    call.registry.state.run("update repositories set scans = ? where id = ?", scans, repository["id"])
    return {**named(call), "imageScanningConfiguration": {"scanOnPush": scans}}


def _mutability(call: Call, otherwise: str = "") -> str:
    found = str(call.get("imageTagMutability", otherwise))
    if found not in MUTABILITIES or call.get("imageTagMutabilityExclusionFilters"):
        raise invalid(
            "imageTagMutability", "the course's local ECR knows MUTABLE and IMMUTABLE, without exclusions"
        )
    return found


def named(call: Call) -> Result:
    """What every answer about one repository begins with."""
    return {"registryId": call.account, "repositoryName": call.get("repositoryName")}


# Labels (tags of a repository, in AWS's word) -------------------------------------------------------------


def list_labels(call: Call) -> Result:
    """ListTagsForResource."""
    rows = call.registry.state.rows(
        "select * from labels where repository = ? order by name", _by_arn(call)["id"]
    )
    return {"tags": [{"Key": row["name"], "Value": row["value"]} for row in rows]}


def label(call: Call) -> Result:
    """TagResource."""
    _label(call, _by_arn(call), call.get("tags", []))
    return {}


def unlabel(call: Call) -> Result:
    """UntagResource."""
    repository = _by_arn(call)
    for name in call.get("tagKeys", []):
        call.registry.state.run(
            "delete from labels where repository = ? and name = ?", repository["id"], name
        )
    return {}


def _label(call: Call, repository: sqlite3.Row, labels: list[dict[str, str]]) -> None:
    for entry in labels:
        if not 1 <= len(entry["Key"]) <= 128 or len(entry["Value"]) > 256:
            raise Refusal(
                "InvalidTagParameterException", "A tag's key has 1 to 128 letters, its value at most 256."
            )
        call.registry.state.run(
            "insert or replace into labels values (?, ?, ?)", repository["id"], entry["Key"], entry["Value"]
        )


def named_by_arn(call: Call) -> str:
    """The repository's name in resourceArn."""
    prefix = call.arn("")
    arn = str(call.get("resourceArn"))
    if not arn.startswith(prefix):
        raise invalid("resourceArn", f"must begin with {prefix}")
    return arn.removeprefix(prefix)


def _by_arn(call: Call) -> sqlite3.Row:
    return call.images.repository(named_by_arn(call))


# Login ----------------------------------------------------------------------------------------------------


def token(call: Call) -> Result:
    """GetAuthorizationToken."""
    expires = int(call.registry.state.now()) + tokens.LIFE_SECONDS
    holder = tokens.Holder(call.principal.owner, call.region)
    password = tokens.make(holder, expires, call.registry.state.secret("tokens").encode())
    packed = base64.b64encode(f"{tokens.USER}:{password}".encode()).decode()
    where = f"http://{call.registry.settings.host or call.host}"
    return {
        "authorizationData": [{"authorizationToken": packed, "expiresAt": expires, "proxyEndpoint": where}]
    }
