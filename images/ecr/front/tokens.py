"""Login tokens for registry v2: made, signed and checked here; each lives 12 hours of the server's clock."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from typing import Any

from front.refusal import Refusal

LIFE_SECONDS = 12 * 3600
USER = "AWS"
REALM = 'Basic realm="{url}/",service="ecr.amazonaws.com"'


@dataclass(frozen=True)
class Holder:
    """Whose token it is (a user's id, or the account's own), and the region it was asked for in."""

    owner: str
    region: str


def make(holder: Holder, expires: int, secret: bytes) -> str:
    """A password for user AWS, valid until *expires*."""
    payload = _packed({"owner": holder.owner, "region": holder.region, "expires": expires})
    shown = {"payload": payload, "datakey": _signed(payload, secret), "version": "2", "type": "DATA_KEY"}
    return _packed(shown | {"expiration": expires})


def check(authorization: str | None, now: float, secret: bytes) -> Holder:
    """Whose login it is; raises where there is none (401), where it is none of ours (400), or old (403)."""
    if authorization is None:
        raise Refusal("UNAUTHORIZED", "Not Authorized", 401)
    try:
        scheme, _, packed = authorization.partition(" ")
        user, _, password = base64.b64decode(packed, validate=True).decode().partition(":")
        shown = _unpacked(password)
        is_ours = hmac.compare_digest(
            str(shown["datakey"]).encode(), _signed(shown["payload"], secret).encode()
        )
        if scheme.lower() != "basic" or user != USER or not is_ours:
            raise ValueError
        payload = _unpacked(shown["payload"])
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise Refusal("DENIED", "Bad Request", 400) from None
    if payload["expires"] <= now:
        message = "Your authorization token has expired. Reauthenticate and try again."
        raise Refusal("DENIED", message, 403)
    return Holder(payload["owner"], payload["region"])


def _signed(payload: str, secret: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, payload.encode(), "sha256")).decode()


def _packed(content: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(content).encode()).decode()


def _unpacked(text: str) -> dict[str, Any]:
    found = json.loads(base64.b64decode(text, validate=True))
    if not isinstance(found, dict):
        raise ValueError
    return found
