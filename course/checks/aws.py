"""Ask a local ECR in AWS's words, signed as AWS wants it; knows nothing of what it should answer."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from course.checks.promise import Unmet
from course.checks.system import System

HERE, REGION = "127.0.0.1", "eu-central-1"
ECR = "AmazonEC2ContainerRegistry_V20150921"
KIND = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class Account:
    """A local ECR by its port on `127.0.0.1`, and a key for it."""

    port: int
    key: str
    secret: str

    def ecr(self, system: System, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to an operation of ECR's API, also where it is a refusal."""
        body = json.dumps(parameters)
        headers = {"content-type": KIND, "x-amz-target": f"{ECR}.{operation}"}
        signed = self._signed("ecr", body, headers)
        reply = system.http(self.port, "/", method="POST", body=body.encode(), headers=signed)
        if reply.status in (401, 403):
            raise Unmet(
                f"The registry on port {self.port} doesn't take the lab's key.",
                "`docker ps` shows whose it is.",
            )
        found: dict[str, Any] = json.loads(reply.body)
        return found

    def tags(self, system: System, repository: str) -> dict[str, str]:
        """The digest of each tag of a repository; empty where there is none."""
        rows = self.ecr(system, "ListImages", repositoryName=repository).get("imageIds", [])
        return {row["imageTag"]: row["imageDigest"] for row in rows if "imageTag" in row}

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
