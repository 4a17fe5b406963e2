"""Whether a chunk of a layer begins where its upload ends; the registry behind puts it there anyway."""

from __future__ import annotations

import re

from front.refusal import Refusal
from front.upstream import Upstream

NUMBERS = re.compile(r"(?:bytes )?([0-9]{1,15})-[0-9]{1,15}(?:/.*)?")


def check(upstream: Upstream, place: str, said: str | None) -> None:
    """Raise unless the chunk that *said* is its Content-Range comes next in the upload at *place*.

    Docker sends a layer in one stream and says none; that isn't asked about.
    """
    if said is None:
        return
    found = NUMBERS.fullmatch(said)
    if found is None or int(found[1]) not in _next(upstream, place):
        words = "The first byte of the chunk is not the one that follows what came before"
        raise Refusal("BLOB_UPLOAD_INVALID", words, 416)


def _next(upstream: Upstream, place: str) -> set[int]:
    """The number of the byte that comes next; the registry says the same of one byte as of none."""
    reply = upstream.ask("GET", place)
    if reply.status >= 400:
        raise reply.refusal()
    reply.close()
    last = int(reply.headers["Range"].rpartition("-")[2])
    return {last + 1} if last else {0, 1}
