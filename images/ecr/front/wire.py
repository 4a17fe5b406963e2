"""HTTP/1.1 as this server takes it: strict, bounded, streamed; knows nothing of what is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO, Protocol

LINE_BYTES = 8 * 1024
HEADER_BYTES = 32 * 1024
HEADERS = 64
PIECE_BYTES = 256 * 1024
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
START = re.compile(rb"([A-Z]{1,16}) (/[\x21-\x7e]*) HTTP/1\.([01])")
HEADER = re.compile(rb"(" + TOKEN + rb"):[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*")
# Two of these would let two readers of one request see two requests.
SINGLE = {"authorization", "content-length", "content-type", "expect", "host", "transfer-encoding"}


class Malformed(Exception):
    """A request that can't be read; *status* says in which way."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Cut(Exception):
    """The other side went away in the middle of a body."""


class Source(Protocol):
    """Where a body comes from in pieces."""

    def readinto(self, piece: memoryview, /) -> int:
        """Fill *piece* from its start; 0 means the end."""


@dataclass
class Body:
    """A request's body, read once: *left* bytes of *stream*, or chunks where *left* is None."""

    stream: BinaryIO
    left: int | None
    on_start: Callable[[], None]
    chunk: int = 0
    started: bool = False
    ended: bool = False

    def __post_init__(self) -> None:
        self.ended = self.left == 0

    def readinto(self, piece: memoryview, /) -> int:
        """Fill *piece* as far as bytes are at hand; 0 means that the body is whole."""
        if self.ended:
            return 0
        if not self.started:
            self.started = True
            self.on_start()
        return self._counted(piece) if self.left is not None else self._chunks(piece)

    def all(self, limit: int) -> bytes:
        """The whole body, which may have *limit* bytes."""
        if self.left is not None and self.left > limit:
            raise Malformed(413, f"The body is longer than {limit} bytes")
        whole, piece = bytearray(), memoryview(bytearray(min(PIECE_BYTES, limit + 1)))
        while count := self.readinto(piece):
            whole += piece[:count]
            if len(whole) > limit:
                raise Malformed(413, f"The body is longer than {limit} bytes")
        return bytes(whole)

    def _counted(self, piece: memoryview) -> int:
        assert self.left is not None
        count: int = self.stream.readinto(piece[: self.left])  # type: ignore[attr-defined]
        if count == 0:
            raise Cut
        self.left -= count
        self.ended = self.left == 0
        return count

    def _chunks(self, piece: memoryview) -> int:
        """Several of the client's chunks at once: docker's are small."""
        filled = 0
        while filled < len(piece):
            if self.chunk == 0 and not self._next_chunk():
                break
            count: int = self.stream.readinto(piece[filled : filled + self.chunk])  # type: ignore[attr-defined]
            if count == 0:
                raise Cut
            filled, self.chunk = filled + count, self.chunk - count
            if self.chunk == 0 and _line(self.stream, 2) != b"":
                raise Malformed(400, "A chunk is longer than it says")
        return filled

    def _next_chunk(self) -> bool:
        size = _line(self.stream, LINE_BYTES)
        if size is None:
            raise Cut
        # No extensions: nobody sends them, and they have hidden requests from other servers.
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            raise Malformed(400, "A chunk has no length")
        self.chunk = int(size, 16)
        if self.chunk == 0:
            if _line(self.stream, 2) != b"":
                raise Malformed(400, "Trailers are not taken")
            self.ended = True
        return self.chunk > 0


@dataclass
class Request:
    """One request; header names are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Body
    keeps_open: bool
    names: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The name by which the client reached this server."""
        return self.headers["host"]


@dataclass
class Answer:
    """What goes back: *body*, or what *source* gives, *length* bytes; a HEAD's length has no bytes."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    source: Source | None = None
    length: int | None = None
    is_logged: bool = True

    def head(self, *, closes: bool) -> bytes:
        """The status line and the headers."""
        length = len(self.body) if self.length is None else self.length
        headers = {"Content-Length": str(length), "X-Content-Type-Options": "nosniff", **self.headers}
        headers |= {"Connection": "close"} if closes else {}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def read(stream: BinaryIO, proceed: Callable[[], None]) -> Request | None:
    """The next request on *stream*, None when the client is done; *proceed* sends `100 Continue`."""
    start = _line(stream, LINE_BYTES)
    if start is None:
        return None
    match = START.fullmatch(start)
    if match is None:
        raise Malformed(400, "The request line is not METHOD /path HTTP/1.1")
    headers = _headers(stream)
    if "host" not in headers or not re.fullmatch(r"[A-Za-z0-9.\[\]:_-]{1,255}", headers["host"]):
        raise Malformed(400, "The request names no host")
    path, _, query = match[2].decode().partition("?")
    waits = headers.get("expect", "").lower() == "100-continue"
    body = Body(stream, _length(headers), proceed if waits else lambda: None)
    closes = "close" in headers.get("connection", "").lower() or match[3] == b"0"
    return Request(match[1].decode(), path, query, headers, body, not closes)


def _headers(stream: BinaryIO) -> dict[str, str]:
    found: dict[str, str] = {}
    total = count = 0
    while line := _line(stream, LINE_BYTES, 431):
        total, count = total + len(line), count + 1
        match = HEADER.fullmatch(line)
        if total > HEADER_BYTES or count > HEADERS:
            raise Malformed(431, "The headers are too many or too long")
        if match is None:
            raise Malformed(400, "A header is not Name: value")
        name, value = match[1].decode().lower(), match[2].decode("latin-1")
        if name in found and (name in SINGLE or name.startswith("x-amz-")):
            raise Malformed(400, f"There are two headers {name}")
        found[name] = f"{found[name]},{value}" if name in found else value
    if line is None:
        raise Cut
    return found


def _length(headers: Mapping[str, str]) -> int | None:
    """The body's length, None where it comes in chunks."""
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if length is not None or coding.lower() != "chunked":
            raise Malformed(400, "The body's length is given in two ways, or in one that is not known")
        return None
    if length is not None and not re.fullmatch(r"[0-9]{1,15}", length):
        raise Malformed(400, "Content-Length is not a number")
    return int(length or 0)


def _line(stream: BinaryIO, limit: int, status: int = 414) -> bytes | None:
    """One line without its end, None where the stream has ended; only CR LF ends a line."""
    line = stream.readline(limit + 1)
    if not line:
        return None
    if not line.endswith(b"\r\n"):
        if len(line) > limit:
            raise Malformed(status if limit > 2 else 400, "A line is too long")
        raise Malformed(400, "A line doesn't end with CR LF") if line.endswith(b"\n") else Cut
    return line[:-2]
