"""ECR's operations on lifecycle policies."""

from __future__ import annotations

import json
import sqlite3

from front import lifecycle
from front.call import Call
from front.refusal import Refusal
from front.repositories import Result, named, the


def put_policy(call: Call) -> Result:
    """PutLifecyclePolicy."""
    repository, text = the(call), call.get("lifecyclePolicyText")
    lifecycle.rules(text)
    now = call.registry.state.now()
    call.registry.state.run(
        "update repositories set policy = ?, policy_put = ?, applied = ? where id = ?",
        text, now, now, repository["id"],
    )  # fmt: skip
    return {**named(call), "lifecyclePolicyText": text}


def get_policy(call: Call) -> Result:
    """GetLifecyclePolicy."""
    repository = the(call)
    text = _policy_of(call, repository)
    return {**named(call), "lifecyclePolicyText": text, "lastEvaluatedAt": round(repository["applied"], 3)}


def delete_policy(call: Call) -> Result:
    """DeleteLifecyclePolicy."""
    result = get_policy(call)
    call.registry.state.run("update repositories set policy = null where id = ?", the(call)["id"])
    return result


def start_preview(call: Call) -> Result:
    """StartLifecyclePolicyPreview: of the policy given, or of the repository's own; done at once."""
    repository = the(call)
    text = call.get("lifecyclePolicyText") or _policy_of(call, repository)
    found = lifecycle.expired(call.images, repository, text, call.registry.state.now())
    preview = json.dumps({"text": text, "expired": found})
    call.registry.state.run("update repositories set preview = ? where id = ?", preview, repository["id"])
    return {**named(call), "lifecyclePolicyText": text, "status": "IN_PROGRESS"}


def get_preview(call: Call) -> Result:
    """GetLifecyclePolicyPreview."""
    repository = the(call)
    if repository["preview"] is None:
        words = f"There is no lifecycle policy preview for repository '{repository['name']}'"
        raise Refusal("LifecyclePolicyPreviewNotFoundException", words)
    kept = json.loads(repository["preview"])
    wanted = call.get("filter", {}).get("tagStatus", "ANY")
    found = [
        row for row in kept["expired"] if wanted == "ANY" or (wanted == "TAGGED") == bool(row["imageTags"])
    ]
    page, more = call.page(
        sorted(found, key=lambda row: row["imageDigest"]), lambda row: str(row["imageDigest"])
    )
    summary = {"expiringImageTotalCount": len(kept["expired"])}
    told = {
        "lifecyclePolicyText": kept["text"],
        "status": "COMPLETE",
        "previewResults": page,
        "summary": summary,
    }
    return {**named(call), **told, **more}


def _policy_of(call: Call, repository: sqlite3.Row) -> str:
    if repository["policy"] is None:
        words = f"Lifecycle policy does not exist for the repository with name '{repository['name']}' "
        raise Refusal("LifecyclePolicyNotFoundException", f"{words}in the registry with id '{call.account}'")
    return str(repository["policy"])
