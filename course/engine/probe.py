"""Ask an address whether an engine answers there, and tell apart the ways it can't; starts nothing."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from course.engine import contexts

PING_SECONDS = 3.0
State = Literal["ready", "absent", "refused", "denied", "silent"]


@dataclass(frozen=True)
class Probe:
    """What was found at one address.

    *state*: ready (answers), absent (nothing there), refused (a socket that nobody serves), denied (no
    right to use it), silent (no answer within 3 s, or not an engine's).
    """

    endpoint: str
    source: str
    state: State
    detail: str = ""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket instead of a TCP connection."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def probe(endpoint: str, source: str) -> Probe:
    """Ask *endpoint* for /_ping and say what came of it, within 3 s."""
    try:
        _ping(endpoint)
    except OSError as error:
        return Probe(endpoint, source, _state_of(error), str(error))
    except Exception as error:  # the SDK wraps its transports' errors in many classes
        return Probe(endpoint, source, "silent", str(error))
    return Probe(endpoint, source, "ready")


def _ping(endpoint: str) -> None:
    if not endpoint.startswith("unix://"):
        import docker

        address = urllib.parse.urlsplit(endpoint)
        if address.scheme == "tcp" and address.hostname:
            # The SDK hides why a connection failed; opening one first lets the system say it.
            socket.create_connection((address.hostname, address.port or 2375), PING_SECONDS).close()

        docker.DockerClient(base_url=endpoint, timeout=int(PING_SECONDS), use_ssh_client=True).ping()
        return
    connection = UnixConnection(endpoint.removeprefix("unix://"), PING_SECONDS)
    connection.request("GET", "/_ping")
    reply = connection.getresponse()
    if reply.status != 200:
        raise http.client.HTTPException(f"/_ping answered {reply.status} {reply.reason}")
    connection.close()


def _state_of(error: OSError) -> State:
    if isinstance(error, TimeoutError):
        return "silent"
    by_number: dict[int | None, State] = {
        errno.ENOENT: "absent",
        errno.ENOTDIR: "absent",
        errno.ECONNREFUSED: "refused",
        errno.EACCES: "denied",
        errno.EPERM: "denied",
    }
    return by_number.get(error.errno, "silent")


def candidates() -> Iterator[tuple[str, str]]:
    """Addresses to try and why each is tried, in the order in which the docker CLI and people expect."""
    if os.environ.get("DOCKER_HOST"):
        yield os.environ["DOCKER_HOST"], "DOCKER_HOST"
        return  # an explicit choice is never overruled
    context = contexts.current()
    if context is not None:
        yield context[1], f"context {context[0]}"
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    yield "unix:///var/run/docker.sock", "the usual socket"
    yield f"unix://{runtime}/docker.sock", "the rootless socket"
    yield f"unix://{Path.home()}/.docker/run/docker.sock", "Docker Desktop's socket"
    yield f"unix://{Path.home()}/.colima/default/docker.sock", "Colima's socket"
