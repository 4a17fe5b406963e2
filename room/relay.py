"""Carry connections between this machine and a learner's network, which has no way out of its own.

`python -m room.relay PID 8888 8081=127.0.0.1:40001 …` enters the network of process PID only to make
sockets there: connections to a port of this machine (its number is printed) go to 8888 inside, those to 8081
inside go to 127.0.0.1:40001 here. It ends with its input.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator

CLONE_NEWNET = 0x40000000
CHUNK_BYTES = 1 << 18
BACKLOG = 128
Dial = Callable[[], Awaitable[socket.socket]]


class Network:
    """The network of process *pid*; a socket made in the block of `entered` belongs there for ever."""

    def __init__(self, pid: int) -> None:
        self.there = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.here = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Be in that network; nothing may wait in the block, for all else here would be in it too."""
        _enter(self.there)
        try:
            yield
        finally:
            _enter(self.here)


def _enter(network: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "the learner's network can't be entered")


def _listening(port: int) -> socket.socket:
    made = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    made.setblocking(False)
    return made


def _unconnected() -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    return made


async def _connected(made: socket.socket, address: tuple[str, int]) -> socket.socket:
    try:
        await asyncio.get_running_loop().sock_connect(made, address)
    except OSError:
        made.close()
        raise
    return made


async def _copy(source: socket.socket, target: socket.socket) -> None:
    """What comes from *source* goes to *target*, and the end of it too."""
    loop, chunk = asyncio.get_running_loop(), bytearray(CHUNK_BYTES)
    with contextlib.suppress(OSError):
        while count := await loop.sock_recv_into(source, chunk):
            await loop.sock_sendall(target, memoryview(chunk)[:count])
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


async def _carry(caller: socket.socket, dial: Dial) -> None:
    with caller:
        try:
            other = await dial()
        except OSError:
            return
        with other:
            await asyncio.gather(_copy(caller, other), _copy(other, caller))


async def _serve(door: socket.socket, dial: Dial) -> None:
    loop, carried = asyncio.get_running_loop(), set()
    while True:
        caller, _ = await loop.sock_accept(door)
        caller.setblocking(False)
        task = asyncio.create_task(_carry(caller, dial))
        carried.add(task)
        task.add_done_callback(carried.discard)


async def _run(pid: int, inward: int, outward: dict[int, tuple[str, int]]) -> None:
    network = Network(pid)

    async def inside() -> socket.socket:
        with network.entered():
            made = _unconnected()
        return await _connected(made, ("127.0.0.1", inward))

    def outside(address: tuple[str, int]) -> Dial:
        return lambda: _connected(_unconnected(), address)

    door = _listening(0)
    work = [_serve(door, inside)]
    for port, address in outward.items():
        with network.entered():
            made = _listening(port)
        work.append(_serve(made, outside(address)))
    print(door.getsockname()[1], flush=True)
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: os._exit(0))
    await asyncio.gather(*work)


def main(words: list[str]) -> None:
    """Carry until the input ends."""
    outward = {}
    for word in words[2:]:
        port, _, address = word.partition("=")
        host, _, there = address.rpartition(":")
        outward[int(port)] = (host, int(there))
    asyncio.run(_run(int(words[0]), int(words[1]), outward))


if __name__ == "__main__":
    main(sys.argv[1:])
