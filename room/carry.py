"""Carry connections from one place to another, both ways, until an end closes.

`python carry.py 0.0.0.0:8888=/run/ways/server /run/ways/hub=hub:8081 …`: whatever connects to the left of
each = is connected to its right; a place is a host with a port, or the path of a Unix socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

CHUNK_BYTES = 1 << 18
BACKLOG = 128
Address = str | tuple[str, int]
Dial = Callable[[], Awaitable[socket.socket]]


async def serve(door: socket.socket, dial: Dial) -> None:
    """Carry each caller at *door* to a connection that *dial* makes, for ever; without one it is hung up."""
    loop, carried = asyncio.get_running_loop(), set()
    while True:
        caller, _ = await loop.sock_accept(door)
        caller.setblocking(False)
        task = asyncio.create_task(_carry(caller, dial))
        carried.add(task)
        task.add_done_callback(carried.discard)


def listening(address: Address) -> socket.socket:
    """A socket that listens at *address*; what a killed one left at a path is replaced."""
    if isinstance(address, str):
        Path(address).unlink(missing_ok=True)
        made = socket.socket(socket.AF_UNIX)
        made.bind(address)
        made.listen(BACKLOG)
    else:
        made = socket.create_server(address, backlog=BACKLOG)
    made.setblocking(False)
    return made


def unconnected(family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    """A socket that belongs to the network in which it was made."""
    made = socket.socket(family)
    made.setblocking(False)
    return made


async def connected(made: socket.socket, address: Address) -> socket.socket:
    """*made*, connected to *address*; raises OSError, and closes it, where nobody answers."""
    try:
        await asyncio.get_running_loop().sock_connect(made, address)
    except OSError:
        made.close()
        raise
    return made


async def _carry(caller: socket.socket, dial: Dial) -> None:
    with caller:
        try:
            other = await dial()
        except OSError:
            return
        with other:
            await asyncio.gather(_copy(caller, other), _copy(other, caller))


async def _copy(source: socket.socket, target: socket.socket) -> None:
    """What comes from *source* goes to *target*, and the end of it too."""
    loop, chunk = asyncio.get_running_loop(), bytearray(CHUNK_BYTES)
    with contextlib.suppress(OSError):
        while count := await loop.sock_recv_into(source, chunk):
            await loop.sock_sendall(target, memoryview(chunk)[:count])
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def place(word: str) -> Address:
    """What *word* names: a path, or a host with a port."""
    host, _, port = word.rpartition(":")
    return word if word.startswith("/") else (host, int(port))


def _dial(address: Address) -> Dial:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    return lambda: connected(unconnected(family), address)


async def _run(ways: list[str]) -> None:
    pairs = [way.split("=") for way in ways]
    await asyncio.gather(*(serve(listening(place(door)), _dial(place(there))) for door, there in pairs))


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1:]))
