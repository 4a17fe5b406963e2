"""A thread for each connection, answers written whole or not at all; knows nothing of registries."""

from __future__ import annotations

import contextlib
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable
from typing import BinaryIO, cast

from front import wire
from front.wire import PIECE_BYTES, Answer, Cut, Malformed, Request

App = Callable[[Request], Answer]
CONNECTIONS = 256
SILENCE_SECONDS = 60.0
LINGER_BYTES, LINGER_SECONDS = 8 * 1024 * 1024, 2.0
log = logging.getLogger("ecr")


class Server(socketserver.ThreadingTCPServer):
    """Serves *app* on *address*; more connections than it takes are closed at once."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: App) -> None:
        self.app = app
        self.places = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__(address, Connection)

    def verify_request(self, request: object, client_address: object) -> bool:
        """Whether there is a place for one more connection."""
        return self.places.acquire(blocking=False)

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Serve one connection, and give its place back."""
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self.places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A fault of ours goes to the log, never to the client."""
        log.exception("a connection failed")


class Connection(socketserver.BaseRequestHandler):
    """One client, request after request."""

    request: socket.socket
    server: Server

    def handle(self) -> None:
        """Answer until the client is done, silent for too long, or not to be understood."""
        self.request.settimeout(SILENCE_SECONDS)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.request.makefile("rb", PIECE_BYTES) as made:
            stream = cast(BinaryIO, made)
            with contextlib.suppress(Cut, OSError):
                while self._one(stream):
                    pass

    def _one(self, stream: BinaryIO) -> bool:
        """Answer one request; False when the connection is to be closed."""
        started, request = time.monotonic(), None
        try:
            request = wire.read(stream, self._proceed)
            if request is None:
                return False
            answer = self._answer(request)
        except Malformed as fault:
            answer = Answer(fault.status, {"Content-Type": "text/plain"}, f"{fault.message}\n".encode())
        closes = request is None or not request.keeps_open or not request.body.ended
        self._send(answer, closes=closes, bodiless=request is not None and request.method == "HEAD")
        if answer.is_logged:
            line = f"{request.method} {request.path}" if request else "(not HTTP)"
            spent = time.monotonic() - started
            log.info("%s %s %d %.3fs", self.client_address[0], line, answer.status, spent)
        if closes:
            self._linger()
        return not closes

    def _answer(self, request: Request) -> Answer:
        try:
            return self.server.app(request)
        except (Malformed, Cut, TimeoutError, ConnectionError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return Answer(
                500, {"Content-Type": "text/plain"}, b"The local ECR has a fault; its log says more.\n"
            )

    def _send(self, answer: Answer, *, closes: bool, bodiless: bool) -> None:
        head = answer.head(closes=closes)
        if answer.source is None or bodiless:
            self.request.sendall(head if bodiless else head + answer.body)
            return
        self.request.sendall(head)
        piece, left = memoryview(bytearray(PIECE_BYTES)), answer.length or 0
        while left:
            count = answer.source.readinto(piece[:left])
            if count == 0:
                raise Cut  # the length is said already: only a closed connection tells that it is not true
            self.request.sendall(piece[:count])
            left -= count

    def _proceed(self) -> None:
        self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _linger(self) -> None:
        """Take in a little of what is still coming, or the client never gets to read the answer."""
        self.request.shutdown(socket.SHUT_WR)
        self.request.settimeout(LINGER_SECONDS)
        deadline, left = time.monotonic() + LINGER_SECONDS, LINGER_BYTES
        while left > 0 and time.monotonic() < deadline:
            piece = self.request.recv(PIECE_BYTES)
            if not piece:
                return
            left -= len(piece)
