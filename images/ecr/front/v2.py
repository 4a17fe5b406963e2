"""Registry v2 over the same repositories: who may, does it exist, may it be overwritten; then pass it on."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from front import chunks, tokens
from front.accounts import Accounts, Principal
from front.call import Registry
from front.contents import FAILURES
from front.images import NAME, TAG
from front.manifests import DIGEST, MANIFEST_BYTES, read_manifest
from front.refusal import Refusal
from front.upstream import Reply
from front.wire import Answer, Malformed, Request

UPLOAD = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ROUTE = re.compile(
    r"/v2/(?P<name>[^%\\?#]{1,512}?)/(?:(?P<list>tags/list)|manifests/(?P<reference>[^/]+)"
    r"|blobs/(?P<digest>sha256:[^/]+)|blobs/uploads/(?P<upload>[^/]*))"
)
VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}
# What each of ECR's rights lets a docker client do.
RIGHTS = {
    ("list", "GET"): "ListImages",
    ("reference", "GET"): "BatchGetImage",
    ("reference", "HEAD"): "BatchGetImage",
    ("reference", "PUT"): "PutImage",
    ("reference", "DELETE"): "BatchDeleteImage",
    ("digest", "GET"): "GetDownloadUrlForLayer",
    ("digest", "HEAD"): "BatchCheckLayerAvailability",
    ("upload", "POST"): "InitiateLayerUpload",
    ("upload", "PATCH"): "UploadLayerPart",
    ("upload", "PUT"): "CompleteLayerUpload",
    ("upload", "GET"): "UploadLayerPart",
    ("upload", "DELETE"): "UploadLayerPart",
}
# What the API calls a fault, and what registry v2 calls it.
NAMES = {
    "AccessDeniedException": ("DENIED", 403),
    "ImageTagAlreadyExistsException": ("TAG_INVALID", 400),
    "InvalidParameterException": ("UNSUPPORTED", 405),
    "RepositoryNotFoundException": ("NAME_UNKNOWN", 404),
    "UnrecognizedClientException": ("DENIED", 403),
}
PAGE = 1000


@dataclass(frozen=True)
class Asked:
    """One request whose sender is known and may do it, on a repository that exists."""

    request: Request
    repository: sqlite3.Row
    value: str  # the tag, digest or upload in the path
    query: dict[str, str]

    @property
    def name(self) -> str:
        """The repository's name, as clients know it."""
        return str(self.repository["name"])


class V2:
    """The registry that docker speaks to."""

    def __init__(self, registry: Registry, accounts: Accounts) -> None:
        self.registry, self.accounts = registry, accounts
        self.images = registry.images

    def answer(self, request: Request) -> Answer:
        """The answer to one request; a refusal is an answer too."""
        try:
            return self._answer(request)
        except Refusal as refusal:
            return self._refused(request, refusal)

    def _refused(self, request: Request, refusal: Refusal) -> Answer:
        code, status = NAMES.get(refusal.code, (refusal.code, refusal.status))
        headers = {**VERSION, "Content-Type": "application/json; charset=utf-8"}
        if status == 401:
            headers["Www-Authenticate"] = tokens.REALM.format(url=f"http://{request.host}")
        told = {"errors": [{"code": code, "message": refusal.message}]}
        return Answer(status, headers, json.dumps(told).encode())

    def _answer(self, request: Request) -> Answer:
        secret = self.registry.state.secret("tokens").encode()
        holder = tokens.check(request.headers.get("authorization"), self.registry.state.now(), secret)
        principal = self.accounts.principal(holder.owner)
        if request.path in ("/v2", "/v2/") and request.method in ("GET", "HEAD"):
            return Answer(200, {**VERSION, "Content-Type": "application/json"}, b"{}")
        route = ROUTE.fullmatch(request.path)
        kind = route and next(
            kind for kind in ("list", "reference", "digest", "upload") if route[kind] is not None
        )
        right = RIGHTS.get((kind or "", request.method))
        if request.path == "/v2/_catalog" or (route and not right):
            raise Refusal("UNSUPPORTED", "The operation is unsupported", 405)
        if route is None or kind is None or right is None:
            raise Refusal("NAME_INVALID", "There is no such place in a registry", 404)
        repository = self._repository(principal, holder, route["name"], right)
        answers: dict[str, Callable[[Asked], Answer]] = {
            "list": self._tags, "reference": self._manifest, "digest": self._blob, "upload": self._upload,
        }  # fmt: skip
        return answers[kind](Asked(request, repository, route[kind], _query(request.query)))

    def _repository(self, principal: Principal, holder: tokens.Holder, name: str, right: str) -> sqlite3.Row:
        account = self.registry.settings.account
        if not re.fullmatch(NAME, name, re.ASCII) or not 2 <= len(name) <= 256:
            raise Refusal("NAME_INVALID", "Invalid repository name", 400)
        principal.demand(f"ecr:{right}", f"arn:aws:ecr:{holder.region}:{account}:repository/{name}")
        return self.images.repository(name)

    # Tags and manifests -----------------------------------------------------------------------------------

    def _tags(self, asked: Asked) -> Answer:
        number = asked.query.get("n", str(PAGE))
        if not re.fullmatch(r"[1-9]\d{0,3}", number, re.ASCII):
            raise Refusal("PAGINATION_NUMBER_INVALID", "n must be a number from 1 to 9999", 400)
        rest = [tag for tag in self.images.tags(asked.repository) if tag > asked.query.get("last", "")]
        shown = rest[: int(number)]
        headers = {**VERSION, "Content-Type": "application/json"}
        if len(shown) < len(rest):
            headers["Link"] = f'</v2/{asked.name}/tags/list?n={number}&last={shown[-1]}>; rel="next"'
        return Answer(200, headers, json.dumps({"name": asked.name, "tags": shown}).encode())

    def _manifest(self, asked: Asked) -> Answer:
        if not re.fullmatch(DIGEST if ":" in asked.value else TAG, asked.value, re.ASCII):
            raise Refusal("TAG_INVALID", "Invalid tag or digest", 400)
        if asked.request.method == "PUT":
            return self._put(asked)
        image = self.images.find(asked.repository, asked.value)
        if image is None:
            raise Refusal("MANIFEST_UNKNOWN", "Requested image not found", 404)
        if asked.request.method == "DELETE":
            return self._delete(asked)
        if asked.request.method == "GET":
            self.images.pulled(image)
        return self._passed(asked, self.images.manifest(asked.repository, image, asked.request.method))

    def _put(self, asked: Asked) -> Answer:
        raw = asked.request.body.all(MANIFEST_BYTES)
        type_ = asked.request.headers.get("content-type", "").partition(";")[0].strip()
        manifest = read_manifest(raw, type_)
        if ":" in asked.value and asked.value != manifest.digest:
            raise Refusal("DIGEST_INVALID", "The digest is not that of the manifest", 400)
        self.images.put(asked.repository, manifest, None if ":" in asked.value else asked.value)
        where = f"/v2/{asked.name}/manifests/{manifest.digest}"
        return Answer(201, {**VERSION, "Location": where, "Docker-Content-Digest": manifest.digest})

    def _delete(self, asked: Asked) -> Answer:
        """Delete an image with all its tags, by its digest, as AWS's guide does; a tag goes by the API."""
        if ":" not in asked.value:
            raise Refusal(
                "UNSUPPORTED", "An image is deleted by its digest, a tag by batch-delete-image", 405
            )
        if holder := self.images.holder(asked.repository, asked.value):
            words = FAILURES["ImageReferencedByManifestList"].replace("{holder}", holder)
            raise Refusal("DENIED", words, 400)
        self.images.drop(asked.repository, asked.value)
        return Answer(202, dict(VERSION))

    # Layers -----------------------------------------------------------------------------------------------

    def _blob(self, asked: Asked) -> Answer:
        if not re.fullmatch(DIGEST, asked.value, re.ASCII):
            raise Refusal("DIGEST_INVALID", "Invalid digest", 400)
        headers = {"Range": asked.request.headers["range"]} if "range" in asked.request.headers else {}
        path = f"/v2/{asked.repository['id']}/blobs/{asked.value}"
        return self._passed(asked, self.images.upstream.ask(asked.request.method, path, headers))

    def _upload(self, asked: Asked) -> Answer:
        """An upload's steps; the registry itself signs in `_state` which repository it belongs to."""
        request, begins = asked.request, asked.request.method == "POST"
        if begins == bool(asked.value) or not re.fullmatch(rf"(?:{UPLOAD})?", asked.value, re.ASCII):
            raise Refusal("BLOB_UPLOAD_UNKNOWN", "There is no such upload", 404)
        path = f"/v2/{asked.repository['id']}/blobs/uploads/{asked.value}"
        if begins:
            # Neither a layer in this one request nor one from another repository: the client then goes on.
            return self._passed(asked, self.images.upstream.ask("POST", path))
        kept = {name: text for name, text in asked.query.items() if name in ("_state", "digest")}
        if not re.fullmatch(r"[\w=-]{0,4096}", kept.get("_state", ""), re.ASCII):
            raise Refusal("BLOB_UPLOAD_INVALID", "The upload's state is not what was given", 400)
        if request.method == "PUT" and not re.fullmatch(DIGEST, kept.get("digest", ""), re.ASCII):
            raise Refusal("DIGEST_INVALID", "A finished upload has a sha256 digest", 400)
        if request.method in ("PATCH", "PUT"):
            here = f"{path}?_state={kept.get('_state', '')}"
            chunks.check(self.images.upstream, here, request.headers.get("content-range"))
        query = "&".join(f"{name}={text}" for name, text in kept.items() if text)
        names = {"content-type": "Content-Type", "content-range": "Content-Range"}
        headers = {name: request.headers[key] for key, name in names.items() if key in request.headers}
        return self._passed(
            asked, self.images.upstream.ask(request.method, f"{path}?{query}", headers, request.body)
        )

    def _passed(self, asked: Asked, reply: Reply) -> Answer:
        """The registry's answer under the repository's own name."""
        if reply.status >= 400:
            refusal = reply.refusal()
            if asked.request.method == "HEAD":
                return Answer(reply.status, dict(VERSION))
            raise refusal
        headers = {**VERSION, **reply.headers}
        if "Location" in headers:
            place = re.sub(r"^https?://[^/]+", "", headers["Location"])
            headers["Location"] = place.replace(f"/v2/{asked.repository['id']}/", f"/v2/{asked.name}/", 1)
        return Answer(reply.status, headers, source=reply, length=reply.length)


def _query(text: str) -> dict[str, str]:
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=16)
    except ValueError:
        raise Malformed(400, "The query can't be read") from None
    return {name: values[-1] for name, values in found.items()}
