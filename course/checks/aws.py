"""Ask a local ECR in AWS's words, signed as AWS wants it; knows nothing of what it should answer."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

from course.checks.promise import Unmet
from course.checks.system import System

HERE, REGION = "127.0.0.1", "eu-central-1"
ECR = "AmazonEC2ContainerRegistry_V20150921"
KIND, FORM = "application/x-amz-json-1.1", "application/x-www-form-urlencoded"
PULL_ONLY = "AmazonEC2ContainerRegistryReadOnly"


@dataclass(frozen=True)
class Account:
    """A local ECR by its container and its port on `127.0.0.1`, with the key that every one starts with."""

    container: str
    port: int
    key: str = "AKIACOURSELOCALADMIN"
    secret: str = "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"  # noqa: S105

    def ecr(self, system: System, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to an operation of ECR's API, also where it is a refusal."""
        body = json.dumps(parameters)
        headers = {"content-type": KIND, "x-amz-target": f"{ECR}.{operation}"}
        found: dict[str, Any] = json.loads(self._asked(system, "ecr", body, headers))
        return found

    def iam(self, system: System, action: str, field: str, **parameters: str) -> list[str]:
        """Every value of *field* in what IAM answers, sorted."""
        form = {"Action": action, "Version": "2010-05-08", **parameters}
        body = "&".join(f"{name}={value}" for name, value in form.items())
        xml = self._asked(system, "iam", body, {"content-type": FORM})
        return sorted(re.findall(rf"<{field}>([^<]*)</{field}>", xml.partition("<ResponseMetadata>")[0]))

    def tags(self, system: System, repository: str) -> dict[str, str]:
        """The digest of each tag of a repository; empty where there is none."""
        rows = self.ecr(system, "ListImages", repositoryName=repository).get("imageIds", [])
        return {row["imageTag"]: row["imageDigest"] for row in rows if "imageTag" in row}

    def tags_stay(self, system: System, repository: str) -> str:
        """Say so; Unmet unless there is this *repository*, and its tags can't move."""
        rows = self.ecr(system, "DescribeRepositories")["repositories"]
        mutability = {row["repositoryName"]: row["imageTagMutability"] for row in rows}
        if repository not in mutability:
            there = ", ".join(sorted(mutability)) or "none at all"
            raise Unmet(
                f"There is no repository {repository}; there are: {there}.", "`aws ecr describe-repositories`"
            )
        if mutability[repository] != "IMMUTABLE":
            raise Unmet(
                f"The tags of {repository} are {mutability[repository]}.", "`aws ecr describe-repositories`"
            )
        return f"The tags of {repository} are IMMUTABLE."

    def may_only_pull(self, system: System, user: str) -> str:
        """Say so; Unmet unless *user* has one access key, the right to pull, and no other."""
        users = self.iam(system, "ListUsers", "UserName")
        if user not in users:
            there = ", ".join(users) or "none at all"
            raise Unmet(f"There is no user {user}; there are: {there}.", "`aws iam list-users`")
        policies = self.iam(system, "ListAttachedUserPolicies", "PolicyName", UserName=user)
        if policies != [PULL_ONLY]:
            raise Unmet(
                f"The policies of {user} are: {', '.join(policies) or 'none'}.",
                f"`aws iam list-attached-user-policies --user-name {user}`",
            )
        keys = self.iam(system, "ListAccessKeys", "AccessKeyId", UserName=user)
        if len(keys) != 1:
            raise Unmet(
                f"The user {user} has {len(keys)} access keys.",
                f"`aws iam list-access-keys --user-name {user}`",
            )
        return f"{user} has one key and the policy {PULL_ONLY}."

    def _asked(self, system: System, service: str, body: str, headers: dict[str, str]) -> str:
        """What the registry answers; Unmet where it doesn't run, or is another one."""
        system.running(self.container)
        headers = self._signed(service, body, headers)
        reply = system.http(self.port, "/", method="POST", body=body.encode(), headers=headers)
        if reply.status in (401, 403):
            raise Unmet(
                f"The registry on port {self.port} doesn't take the lab's key.",
                f"`docker logs {self.container}`",
            )
        return reply.body

    def _signed(self, service: str, body: str, headers: dict[str, str]) -> dict[str, str]:
        """The headers with AWS's Signature Version 4 of this moment."""
        stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {**headers, "host": f"{HERE}:{self.port}", "x-amz-date": stamp}
        names = ";".join(sorted(headers))
        lines = [f"{name}:{headers[name]}" for name in sorted(headers)]
        asked = "\n".join(["POST", "/", "", *lines, "", names, hashlib.sha256(body.encode()).hexdigest()])
        scope = f"{stamp[:8]}/{REGION}/{service}/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        key = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        proof = hmac.digest(key, text.encode(), "sha256").hex()
        who = f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders={names}, Signature={proof}"
        return {**headers, "authorization": who}
