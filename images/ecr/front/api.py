"""AWS's APIs at POST /: a signed request in, ECR's JSON or the query APIs' XML out."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from front import contents, expiry, iam, model, repositories, sigv4
from front.accounts import Accounts
from front.call import Call, Registry, of_other_account
from front.refusal import Refusal
from front.wire import Answer, Request

BODY_BYTES = 5 * 1024 * 1024
TARGET = "AmazonEC2ContainerRegistry_V20150921."
JSON = "application/x-amz-json-1.1"
OPERATIONS: dict[str, Callable[[Call], dict[str, Any]]] = {
    "BatchDeleteImage": contents.delete,
    "BatchGetImage": contents.get,
    "CreateRepository": repositories.create,
    "DeleteLifecyclePolicy": expiry.delete_policy,
    "DeleteRepository": repositories.delete,
    "DescribeImageScanFindings": contents.scan_findings,
    "DescribeImages": contents.describe,
    "DescribeRepositories": repositories.describe,
    "GetAuthorizationToken": repositories.token,
    "GetLifecyclePolicy": expiry.get_policy,
    "GetLifecyclePolicyPreview": expiry.get_preview,
    "ListImages": contents.list_,
    "ListTagsForResource": repositories.list_labels,
    "PutImage": contents.put,
    "PutImageScanningConfiguration": repositories.put_scanning,
    "PutImageTagMutability": repositories.put_mutability,
    "PutLifecyclePolicy": expiry.put_policy,
    "StartLifecyclePolicyPreview": expiry.start_preview,
    "TagResource": repositories.label,
    "UntagResource": repositories.unlabel,
}


class Api:
    """ECR, and as much of IAM and STS as the course uses."""

    def __init__(self, registry: Registry, accounts: Accounts) -> None:
        self.registry, self.accounts = registry, accounts

    def answer(self, request: Request) -> Answer:
        """The answer to one request; a refusal is an answer too."""
        identity = str(uuid.uuid4())
        target = request.headers.get("x-amz-target")
        speaks = _Json(target) if target is not None else iam.Xml()
        try:
            return speaks.told(self._result(request, speaks), identity)
        except Refusal as refusal:
            return speaks.refused(refusal, identity)

    def _result(self, request: Request, speaks: _Json | iam.Xml) -> Any:
        if request.method != "POST" or request.query:
            raise Refusal("InvalidAction", "The API is asked by POST / without a query.")
        claim = sigv4.claim(request.headers)
        if self.accounts.secret_of(claim.key) is None:  # before anything of the body is taken in
            raise Refusal(
                "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        body = request.body.all(BODY_BYTES)
        # Which service is asked stands in the request; the signature must have been made for just that one.
        service, operation, parameters = speaks.asked(body)
        sigv4.verify(request, claim, body, service, self.accounts.secret_of, time.time())
        principal = self.accounts.principal(self.accounts.owner_of(claim.key))
        call = Call(self.registry, principal, claim.region, request.host, operation, parameters)
        return speaks.run(call, self.accounts)


class _Json:
    """ECR's protocol: AWS JSON 1.1, the operation in a header."""

    def __init__(self, target: str) -> None:
        self.target = target

    def asked(self, body: bytes) -> tuple[str, str, dict[str, Any]]:
        """Service, operation and parameters."""
        return "ecr", self.target.removeprefix(TARGET), model.parse(body or b"{}")

    def run(self, call: Call, accounts: Accounts) -> dict[str, Any]:
        """Check the parameters, then the rights, then do it."""
        operation, known = call.operation, model.load()["operations"]
        if operation not in known or self.target != TARGET + operation:
            raise Refusal("UnknownOperationException", "ECR has no such operation.")
        model.check(operation, call.parameters)
        registry = call.get("registryId", call.account)
        if registry != call.account:
            raise of_other_account(call, registry)
        call.principal.demand(f"ecr:{operation}", self._resource(call))
        if operation not in OPERATIONS:
            words = (
                f"The course's local ECR doesn't do {operation}; AWS's does. docs/ecr.md lists what it does."
            )
            raise Refusal("UnsupportedOperationException", words)
        return OPERATIONS[operation](call)

    @staticmethod
    def _resource(call: Call) -> str:
        if call.operation == "GetAuthorizationToken":
            return "*"
        if "resourceArn" in call.parameters:
            return call.arn(repositories.named_by_arn(call))
        return call.arn(call.get("repositoryName", "*"))

    def told(self, result: dict[str, Any], identity: str) -> Answer:
        """A result."""
        return self._answer(200, result, identity)

    def refused(self, refusal: Refusal, identity: str) -> Answer:
        """An error, in the form that the CLI reads."""
        return self._answer(refusal.status, {"__type": refusal.code, "message": refusal.message}, identity)

    @staticmethod
    def _answer(status: int, content: dict[str, Any], identity: str) -> Answer:
        return Answer(
            status, {"Content-Type": JSON, "x-amzn-RequestId": identity}, json.dumps(content).encode()
        )
