"""How the local ECR's front reads HTTP: a body that ends too early is never taken for the whole one."""

from __future__ import annotations

import io
import random
import sys
from typing import cast

import pytest
from ecr_parts import FRONT

sys.path.insert(0, str(FRONT))

from front import wire  # noqa: E402 # it lies in an image's folder, which is on nobody's path


def body(sent: bytes, length: int | None) -> wire.Body:
    """A request's body that comes as *sent*."""
    return wire.Body(io.BufferedReader(cast(io.RawIOBase, io.BytesIO(sent))), length, lambda: None)


def chunked(content: bytes, chance: random.Random) -> bytes:
    """*content* in chunks of any size."""
    sent = b""
    while content:
        size = chance.randint(1, len(content))
        sent, content = sent + b"%x\r\n" % size + content[:size] + b"\r\n", content[size:]
    return sent + b"0\r\n\r\n"


@pytest.mark.parametrize("seed", range(50))
def test_what_was_sent_is_what_is_read(seed: int) -> None:
    """In chunks or counted, in pieces of any size, and nothing beyond its end."""
    chance = random.Random(seed)
    content = chance.randbytes(chance.randint(0, 5000))
    for sent, length in ((content, len(content)), (chunked(content, chance), None)):
        read, piece = (
            body(sent + b"GET / HTTP/1.1\r\n", length),
            memoryview(bytearray(chance.randint(1, 999))),
        )
        found = b""
        while count := read.readinto(piece):
            found += piece[:count]
        assert found == content and read.ended
        assert read.stream.readline() == b"GET / HTTP/1.1\r\n"


@pytest.mark.parametrize("seed", range(50))
def test_a_body_that_ends_early_is_cut_and_not_whole(seed: int) -> None:
    """Wherever it ends."""
    chance = random.Random(seed)
    content = chance.randbytes(chance.randint(1, 2000))
    for sent, length in ((content, len(content)), (chunked(content, chance), None)):
        with pytest.raises((wire.Cut, wire.Malformed)):
            body(sent[: chance.randrange(len(sent))], length).all(5000)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_no_more_is_taken_than_the_limit(is_chunked: bool) -> None:
    """Exactly the limit is; one byte more is refused, and little of it was read."""
    chance = random.Random(1)
    for size, is_taken in ((1000, True), (1001, False), (10**7, False)):
        content = bytes(size)
        sent, length = (chunked(content, chance), None) if is_chunked else (content, size)
        if is_taken:
            assert body(sent, length).all(1000) == content
            continue
        read = body(sent, length)
        with pytest.raises(wire.Malformed) as refusal:
            read.all(1000)
        assert refusal.value.status == 413
        assert read.stream.tell() < 5000
