"""Requests to the reference registry on its Unix socket; knows nothing of who may ask for what."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import cast

from front.refusal import Refusal
from front.wire import PIECE_BYTES, Body, Cut

WITHIN_SECONDS = 120.0
ERROR_BYTES = 64 * 1024
# What of its answer reaches a client; anything else stays between us.
PASSED = (
    "Content-Type", "Content-Range", "Accept-Ranges", "Docker-Content-Digest", "Docker-Upload-UUID", "ETag",
    "Location", "Range",
)  # fmt: skip


class Down(Exception):
    """The registry behind us doesn't answer."""


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, place: Path) -> None:
        super().__init__("registry", timeout=WITHIN_SECONDS)
        self.place = place

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.place))


class Reply:
    """The registry's answer; its connection goes with it, at its last byte."""

    def __init__(self, connection: Connection, answer: http.client.HTTPResponse) -> None:
        self._connection, self._answer = connection, answer
        self.status = answer.status
        self.length = int(answer.headers.get("Content-Length") or 0)
        self.headers = {name: answer.headers[name] for name in PASSED if name in answer.headers}

    def readinto(self, piece: memoryview, /) -> int:
        """The next bytes of the answer."""
        try:
            count = self._answer.readinto(piece)
        except (OSError, http.client.HTTPException):
            raise Cut from None
        if count == 0:
            self.close()
        return count

    def all(self, limit: int) -> bytes:
        """The whole answer, of which *limit* bytes are kept."""
        with contextlib.closing(self):
            return self._answer.read(limit)

    def refusal(self) -> Refusal:
        """The error that it names, without the name under which it knows the repository."""
        try:
            first = json.loads(self.all(ERROR_BYTES))["errors"][0]
            code, message = str(first["code"]), str(first["message"])
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            code, message = "UNKNOWN", "the registry refused this without a word"
        return Refusal(code, message, self.status)

    def close(self) -> None:
        """Let go of the connection."""
        self._answer.close()
        self._connection.close()


class Upstream:
    """The registry at one socket."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | Body | None = None,
    ) -> Reply:
        """Send one request, a long body piece by piece, and give the answer when its head is there."""
        connection = Connection(self.place)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            self._send(connection, body)
            answer = connection.getresponse()
        except (Cut, TimeoutError) as gone:
            connection.close()  # in the middle of a body: so the registry knows that it isn't whole
            raise Cut from gone
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Down(str(error)) from None
        except BaseException:
            connection.close()
            raise
        reply = Reply(connection, answer)
        if reply.status >= 500:
            raise Down(reply.all(ERROR_BYTES).decode(errors="replace"))
        if "Content-Length" not in answer.headers and reply.status != HTTPStatus.NO_CONTENT:
            reply.close()
            raise Down("an answer without a length may be half of one")
        return reply

    def _send(self, connection: Connection, body: bytes | Body | None) -> None:
        if not isinstance(body, Body):
            connection.putheader("Content-Length", str(len(body or b"")))
            connection.endheaders(body)
            return
        chunked = body.left is None
        name, value = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(body.left))
        connection.putheader(name, value)
        connection.endheaders()
        piece = memoryview(bytearray(PIECE_BYTES))
        try:
            while count := body.readinto(piece):
                self._pass(connection, piece[:count], chunked)
            if chunked:
                connection.send(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered before the end; what it said comes next

    @staticmethod
    def _pass(connection: Connection, piece: memoryview, chunked: bool) -> None:
        sock = cast(socket.socket, connection.sock)
        if chunked:
            sock.sendall(b"%x\r\n" % len(piece))
        sock.sendall(piece)
        if chunked:
            sock.sendall(b"\r\n")
