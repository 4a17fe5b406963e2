"""One HTTP request with a time limit for all of it; knows nothing of containers."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MOST_BYTES = 1 << 20

Connect = Callable[[str, int, float], socket.socket]


@dataclass(frozen=True)
class Reply:
    """An HTTP answer: its status, the first MiB of its body as text, its headers (names in lower case)."""

    status: int
    body: str
    headers: dict[str, str]


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """Open a TCP connection from this machine; a grader puts one in its place that starts elsewhere."""
    return socket.create_connection((host, port), timeout=seconds)


class _Connection(http.client.HTTPConnection):
    """HTTP over a connection that somebody else opens."""

    def __init__(self, host: str, port: int, seconds: float, opener: Connect) -> None:
        super().__init__(host, port, timeout=seconds)
        self._opener, self._seconds = opener, seconds

    def connect(self) -> None:
        """Take the connection that the opener makes."""
        self.sock = self._opener(self.host, self.port, self._seconds)


def ask(
    opener: Connect,
    address: tuple[str, int],
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float,
) -> Reply:
    """Send one request and read its answer, TimeoutError after *seconds*; redirects aren't followed."""
    connection = _Connection(*address, seconds, opener)
    connection.connect()
    line = connection.sock
    expired = threading.Event()

    def hang_up() -> None:
        # A socket's own time-out starts anew with each byte, so a slow drip would outlive it.
        expired.set()
        line.shutdown(socket.SHUT_RDWR)

    watchdog = threading.Timer(seconds, hang_up)
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        text = answer.read(MOST_BYTES).decode(errors="replace")
    except (OSError, http.client.HTTPException):
        if expired.is_set():
            raise TimeoutError from None
        raise
    finally:
        watchdog.cancel()
        connection.close()
    if expired.is_set():
        raise TimeoutError
    return Reply(answer.status, text, {name.lower(): value for name, value in answer.getheaders()})
