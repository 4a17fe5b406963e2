"""IAM's and STS's query protocol: a form in, XML out; only what the course uses."""

from __future__ import annotations

import datetime
import re
import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from front import policies
from front.accounts import Accounts
from front.call import Call
from front.refusal import Refusal
from front.wire import Answer

VERSIONS = {"2010-05-08": "iam", "2011-06-15": "sts"}
SPACES = {
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
}
FORMS = {
    "UserName": r"[\w+=,.@-]{1,64}",
    "AccessKeyId": r"\w{16,128}",
    "PolicyArn": r"arn:[\w:/.+=,@-]{16,240}",
}
FIELDS = 32
# The same faults have other names, and statuses, in the query protocol.
NAMES = {
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
    "IncompleteSignatureException": ("IncompleteSignature", 403),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "AccessDeniedException": ("AccessDenied", 403),
}
# A list is written as <member>s, a dict as elements.
Result = dict[str, Any]


def _users(call: Call, accounts: Accounts) -> Result:
    rows = accounts.state.rows("select * from users order by name")
    return {"IsTruncated": "false", "Users": [_user(accounts, row) for row in rows]}


def _user(accounts: Accounts, row: sqlite3.Row) -> Result:
    told = {"Path": "/", "UserName": row["name"], "UserId": row["id"]}
    return {**told, "Arn": accounts.arn(row["name"]), "CreateDate": _date(row["created"])}


def _new_key(call: Call, accounts: Accounts) -> Result:
    row = accounts.create_key(call.get("UserName"))
    shown = {**_key(call.get("UserName"), row), "SecretAccessKey": row["secret"]}
    return {"AccessKey": shown}


def _key(name: str, row: sqlite3.Row) -> Result:
    return {
        "UserName": name,
        "AccessKeyId": row["id"],
        "Status": "Active",
        "CreateDate": _date(row["created"]),
    }


def _keys(call: Call, accounts: Accounts) -> Result:
    name = call.get("UserName")
    return {"IsTruncated": "false", "AccessKeyMetadata": [_key(name, row) for row in accounts.keys(name)]}


def _attached(call: Call, accounts: Accounts) -> Result:
    owner = accounts.user(call.get("UserName"))["id"]
    found = accounts.principal(owner).policies
    named = [{"PolicyName": policies.name(arn), "PolicyArn": arn} for arn in found]
    return {"IsTruncated": "false", "AttachedPolicies": named}


def _caller(call: Call, accounts: Accounts) -> Result:
    who = call.principal
    return {"Arn": who.arn, "UserId": call.account if who.is_root else who.owner, "Account": call.account}


def _attach(call: Call, accounts: Accounts) -> None:
    accounts.attach(call.get("UserName"), call.get("PolicyArn"))


def _detach(call: Call, accounts: Accounts) -> None:
    accounts.detach(call.get("UserName"), call.get("PolicyArn"))


# Each with the parameters that it must have; a result of None is an answer without one.
OPERATIONS: dict[str, tuple[tuple[str, ...], Callable[[Call, Accounts], Result | None]]] = {
    "iam:AttachUserPolicy": (("UserName", "PolicyArn"), _attach),
    "iam:CreateAccessKey": (("UserName",), _new_key),
    "iam:CreateUser": (("UserName",), lambda c, a: {"User": _user(a, a.create(c.get("UserName")))}),
    "iam:DeleteAccessKey": (
        ("UserName", "AccessKeyId"),
        lambda c, a: a.delete_key(c.get("UserName"), c.get("AccessKeyId")),
    ),
    "iam:DeleteUser": (("UserName",), lambda c, a: a.delete(c.get("UserName"))),
    "iam:DetachUserPolicy": (("UserName", "PolicyArn"), _detach),
    "iam:GetUser": (("UserName",), lambda c, a: {"User": _user(a, a.user(c.get("UserName")))}),
    "iam:ListAccessKeys": (("UserName",), _keys),
    "iam:ListAttachedUserPolicies": (("UserName",), _attached),
    "iam:ListUsers": ((), _users),
    "sts:GetCallerIdentity": ((), _caller),
}


class Xml:
    """The protocol of one request; which service it is for stands in its body."""

    service, operation = "iam", "Error"

    def asked(self, body: bytes) -> tuple[str, str, dict[str, Any]]:
        """Service, operation and parameters."""
        try:
            pairs = parse_qsl(
                body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS
            )
        except ValueError:
            raise Refusal("MalformedQueryString", "The request is neither ECR's JSON nor a form.") from None
        form = dict(pairs)
        action = form.pop("Action", "")
        if (
            len(form) + 1 != len(pairs)
            or form.get("Version") not in VERSIONS
            or not re.fullmatch(r"[A-Za-z]{3,64}", action)
        ):
            raise Refusal(
                "InvalidAction", "The form names no action and version of IAM or STS, or a field twice."
            )
        self.service, self.operation = VERSIONS[form.pop("Version")], action
        return self.service, action, form

    def run(self, call: Call, accounts: Accounts) -> Result | None:
        """Check the rights, then the parameters, then do it."""
        action = f"{self.service}:{call.operation}"
        if action not in OPERATIONS:
            words = f"The course's local ECR doesn't do {action}. docs/ecr.md lists what it does."
            raise Refusal("InvalidAction", words)
        must, operation = OPERATIONS[action]
        for name in must:
            if not re.fullmatch(FORMS[name], call.get(name, ""), re.ASCII):
                words = f"The specified value for {_small(name)} is invalid. It must match {FORMS[name]}"
                raise Refusal("ValidationError", words)
        if self.service == "iam":
            call.principal.demand(action, f"arn:aws:iam::{call.account}:user/{call.get('UserName', '')}")
        return operation(call, accounts)

    def told(self, result: Result | None, identity: str) -> Answer:
        """A result."""
        inner = "" if result is None else f"<{self.operation}Result>{_xml(result)}</{self.operation}Result>"
        name = f"{self.operation}Response"
        rest = f"<ResponseMetadata><RequestId>{identity}</RequestId></ResponseMetadata>"
        return self._answer(200, f'<{name} xmlns="{SPACES[self.service]}">{inner}{rest}</{name}>', identity)

    def refused(self, refusal: Refusal, identity: str) -> Answer:
        """An error, in the form that the CLI reads."""
        code, status = NAMES.get(refusal.code, (refusal.code, refusal.status))
        error = _xml({"Error": {"Type": "Sender", "Code": code, "Message": refusal.message}})
        inner = f"{error}<RequestId>{identity}</RequestId>"
        text = f'<ErrorResponse xmlns="{SPACES[self.service]}">{inner}</ErrorResponse>'
        return self._answer(status, text, identity)

    @staticmethod
    def _answer(status: int, text: str, identity: str) -> Answer:
        return Answer(
            status, {"Content-Type": "text/xml", "x-amzn-RequestId": identity}, f"{text}\n".encode()
        )


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    return escape(re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]", "?", str(value)))


def _date(moment: float) -> str:
    return datetime.datetime.fromtimestamp(int(moment), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _small(name: str) -> str:
    return name[0].lower() + name[1:]
