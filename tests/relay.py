"""A network in which a browser meets one server of this machine and nothing else; root on Linux only.

As a program it is that network: `unshare -n python relay.py PORT OUTSIDE`. A container that starts or ends
changes the machine's interfaces, and Chromium then drops what it is asking; in here nothing ever changes.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NET = 0x40000000  # CLONE_NEWNET


def is_possible() -> bool:
    """Whether this user may make a network."""
    return sys.platform == "linux" and os.geteuid() == 0


@contextmanager
def network(port: int) -> Iterator[list[str]]:
    """A network whose 127.0.0.1:*port* is this machine's; gives the words before a command to run in it."""
    outside = os.open("/proc/self/ns/net", os.O_RDONLY)
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "-n", sys.executable, __file__]
    command += [str(port), str(outside)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, pass_fds=[outside])
    try:
        assert process.stdout is not None
        place = process.stdout.readline().strip()
        assert place, "the network could not be made"
        yield ["nsenter", f"-n{place}", "--"]
    finally:
        process.kill()
        process.wait()
        os.close(outside)


async def serve(listener: socket.socket, port: int) -> None:
    """Pass every connection of *listener* on to 127.0.0.1:*port*, for ever."""

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while block := await source.read(1 << 16):
                sink.write(block)
                await sink.drain()
        except OSError:
            pass  # one side has gone: the other is told by the end of its stream
        finally:
            sink.close()

    async def passed_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            back, there = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            sink.close()
            return
        await asyncio.gather(pump(source, there), pump(back, sink))

    async with await asyncio.start_server(passed_on, sock=listener) as server:
        await server.serve_forever()


def main(port: int, outside: int) -> None:
    """Listen in this network, and ask from the one outside: a socket stays where it was made."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    listener = socket.create_server(("127.0.0.1", port))
    inside = Path(f"/proc/{os.getpid()}/fd/{os.open('/proc/self/ns/net', os.O_RDONLY)}")
    assert ctypes.CDLL(None).setns(outside, NET) == 0, "the network outside can't be entered"
    print(inside, flush=True)
    asyncio.run(serve(listener, port))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
