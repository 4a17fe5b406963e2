"""AWS's Signature Version 4, checked: who signed this request, for which service and region."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from front.refusal import Refusal
from front.wire import Request

SKEW_SECONDS = 15 * 60
ALGORITHM = "AWS4-HMAC-SHA256"
STAMP = "%Y%m%dT%H%M%SZ"
REGION = r"[a-z]{2}(?:-[a-z]+){1,3}-\d{1,2}"
CREDENTIAL = re.compile(
    rf"([A-Z0-9]{{16,128}})/(\d{{8}})/({REGION})/([a-z0-9-]{{1,32}})/aws4_request", re.ASCII
)


@dataclass(frozen=True)
class Claim:
    """What an Authorization header says; nothing of it is proven yet."""

    key: str
    day: str
    region: str
    service: str
    signed: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """The part of the credential that isn't the key."""
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


def claim(headers: Mapping[str, str]) -> Claim:
    """The claim that a request's headers make; raises where there is none, or half of one."""
    text = headers.get("authorization")
    if text is None:
        raise Refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    algorithm, _, rest = text.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    credential = CREDENTIAL.fullmatch(parts.get("Credential", ""))
    signed = tuple(parts.get("SignedHeaders", "").split(";"))
    if (
        algorithm != ALGORITHM
        or not credential
        or not re.fullmatch("[0-9a-f]{64}", parts.get("Signature", ""))
    ):
        raise _incomplete(
            f"Authorization header requires an '{ALGORITHM}' Credential, SignedHeaders and Signature."
        )
    if list(signed) != sorted(set(signed)):
        raise _incomplete("SignedHeaders must be in order, each once.")
    key, day, region, service = credential.groups()
    return Claim(key, day, region, service, signed, parts["Signature"])


def verify(
    request: Request,
    made: Claim,
    body: bytes,
    service: str,
    secret_of: Callable[[str], str | None],
    now: float,
) -> None:
    """Raise unless *request* with *body* was signed within 15 minutes for *service* by the key's owner."""
    must = {"host", *(name for name in request.headers if name.startswith("x-amz-"))}
    unsigned = sorted(must - set(made.signed))
    absent = sorted(set(made.signed) - set(request.headers))
    if unsigned or absent:
        raise _incomplete(f"These headers must be signed and present: {', '.join(unsigned + absent)}.")
    secret = secret_of(made.key)
    if secret is None:
        raise Refusal("UnrecognizedClientException", "The security token included in the request is invalid.")
    stamp = _in_time(request.headers.get("x-amz-date", ""), now)
    if made.service != service:
        raise _invalid(f"Credential should be scoped to correct service: '{service}'.")
    if not stamp.startswith(made.day):
        raise _invalid(
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: '{stamp}'."
        )
    if not hmac.compare_digest(signature(request, made, body, stamp, secret), made.signature):
        raise _invalid(
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details."
        )


def signature(request: Request, made: Claim, body: bytes, stamp: str, secret: str) -> str:
    """The signature that the owner of *secret* would put on this request."""
    values = [f"{name}:{' '.join(request.headers[name].split())}\n" for name in made.signed]
    canonical = "\n".join([
        request.method, request.path, request.query, "".join(values), ";".join(made.signed),
        hashlib.sha256(body).hexdigest(),
    ])  # fmt: skip
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    key = f"AWS4{secret}".encode()
    for word in (made.day, made.region, made.service, "aws4_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.new(key, f"{ALGORITHM}\n{stamp}\n{made.scope}\n{digest}".encode(), "sha256").hexdigest()


def _in_time(stamp: str, now: float) -> str:
    """*stamp*, unless it is 15 minutes away from *now*."""
    try:
        moment = datetime.datetime.strptime(stamp, STAMP).replace(tzinfo=datetime.UTC).timestamp()
    except ValueError:
        raise _incomplete("Authorization header requires existence of an 'X-Amz-Date' header.") from None
    if moment < now - SKEW_SECONDS:
        edge = f"{_text(now - SKEW_SECONDS)} ({_text(now)} - 15 min.)"
        raise _invalid(f"Signature expired: {stamp} is now earlier than {edge}")
    if moment > now + SKEW_SECONDS:
        edge = f"{_text(now + SKEW_SECONDS)} ({_text(now)} + 15 min.)"
        raise _invalid(f"Signature not yet current: {stamp} is still later than {edge}")
    return stamp


def _text(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime(STAMP)


def _invalid(message: str) -> Refusal:
    return Refusal("InvalidSignatureException", message)


def _incomplete(message: str) -> Refusal:
    return Refusal("IncompleteSignatureException", message)
