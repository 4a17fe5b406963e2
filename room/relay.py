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
from collections.abc import Iterator

from room import carry
from room.carry import Address, Dial

CLONE_NEWNET = 0x40000000


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


async def _run(pid: int, inward: int, outward: dict[int, Address]) -> None:
    network = Network(pid)

    async def inside() -> socket.socket:
        with network.entered():
            made = carry.unconnected()
        return await carry.connected(made, ("127.0.0.1", inward))

    def outside(address: Address) -> Dial:
        return lambda: carry.connected(carry.unconnected(), address)

    door = carry.listening(("127.0.0.1", 0))
    work = [carry.serve(door, inside)]
    for port, address in outward.items():
        with network.entered():
            made = carry.listening(("127.0.0.1", port))
        work.append(carry.serve(made, outside(address)))
    print(door.getsockname()[1], flush=True)
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: os._exit(0))
    await asyncio.gather(*work)


def main(words: list[str]) -> None:
    """Carry until the input ends."""
    outward = {}
    for word in words[2:]:
        port, _, address = word.partition("=")
        outward[int(port)] = carry.place(address)
    asyncio.run(_run(int(words[0]), int(words[1]), outward))


if __name__ == "__main__":
    main(sys.argv[1:])
