"""The judge's own ways into a private engine: an API with its peer proved, and TCP; judges nothing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from course.checks.web import Connect
from course.engine.streams import lose_nothing

if TYPE_CHECKING:
    import docker

CLONE_NEWNET = 0x40000000
API_SECONDS = 20.0


class Impostor(ConnectionError):
    """Whatever listens on the engine's socket isn't the engine that the grader started."""


@dataclass(frozen=True)
class Process:
    """A process that no later one with its number passes for: *born* is its start, in clock ticks."""

    pid: int
    born: int


def process(pid: int) -> Process:
    """The process that has number *pid* now."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return Process(pid, int(text.rpartition(")")[2].split()[19]))


def peer(line: socket.socket) -> Process:
    """Who listens at the other end of a connected Unix socket: the kernel says, the other end can't lie."""
    packed = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return process(struct.unpack("3i", packed)[0])


def listener(path: Path) -> Process:
    """Who listens on the Unix socket *path*."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(API_SECONDS)
        line.connect(str(path))
        return peer(line)


def client(path: Path, known: Process) -> docker.DockerClient:
    """The Docker SDK on Unix socket *path*, where only the process *known* is spoken to."""
    import docker
    from docker.constants import MINIMUM_DOCKER_API_VERSION
    from docker.transport.unixconn import UnixHTTPAdapter, UnixHTTPConnection, UnixHTTPConnectionPool

    class Connection(UnixHTTPConnection):
        def connect(self) -> None:
            super().connect()
            line = cast(socket.socket, self.sock)
            found = peer(line)
            if found != known:
                line.close()
                raise Impostor(f"process {found.pid} answers in place of the engine, process {known.pid}")

    class Pool(UnixHTTPConnectionPool):
        def _new_conn(self) -> Any:
            return Connection(self.base_url, self.socket_path, cast(int, self.timeout))

    class Adapter(UnixHTTPAdapter):
        def get_connection(self, url: Any, proxies: Any = None) -> Pool:
            with self.pools.lock:
                pool = self.pools.get(url)
                if pool is None:
                    pool = Pool(url, self.socket_path, self.timeout, maxsize=self.max_pool_size)
                    self.pools[url] = pool
            return pool

    def speaks(version: str) -> docker.DockerClient:
        made = docker.DockerClient(base_url=f"unix://{path}", version=version, timeout=int(API_SECONDS))
        made.api.get_adapter("http+docker://").close()
        made.api.mount("http+docker://", Adapter(f"http+unix://{path}", int(API_SECONDS)))
        return lose_nothing(made)

    # With no version named the SDK asks for it at once, before the peer has been looked at.
    first = speaks(MINIMUM_DOCKER_API_VERSION)
    with contextlib.closing(first):
        version = first.api.version(api_version=False)["ApiVersion"]
    return speaks(str(version))


@contextmanager
def from_network_of(pid: int) -> Iterator[Connect]:
    """Open TCP connections as if from the network namespace of process *pid*, while the block runs.

    Only the opening thread enters it, and a socket stays in the namespace where it was made.
    """
    namespace = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)

    def connect(host: str, port: int, seconds: float) -> socket.socket:
        return _in_thread(lambda: _entered(namespace, host, port, seconds))

    try:
        yield connect
    finally:
        os.close(namespace)  # whoever has it open keeps the whole network alive


def _entered(namespace: int, host: str, port: int, seconds: float) -> socket.socket:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "the private network can't be entered")
    return socket.create_connection((host, port), timeout=seconds)


def _in_thread(work: Callable[[], socket.socket]) -> socket.socket:
    """Run *work* in a thread of its own, which ends with it: the namespace it entered goes no further."""
    found: list[socket.socket] = []
    broken: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:  # raised again below, in the thread that asked
            broken.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if broken:
        raise broken[0]
    return found[0]
