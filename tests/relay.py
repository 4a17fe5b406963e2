"""A network in which a browser meets one server of this machine and nothing else; root on Linux only.

A container that starts or ends changes the machine's interfaces, and Chromium then drops what it is asking;
in here nothing ever changes. The room's relay carries the connections, as it does for learners.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The room's relay has a way in as well; nothing is asked there.
UNUSED = 1


def is_possible() -> bool:
    """Whether this user may make a network."""
    return sys.platform == "linux" and os.geteuid() == 0


@contextmanager
def network(port: int) -> Iterator[list[str]]:
    """A network whose 127.0.0.1:*port* is this machine's; gives the words before a command to run in it."""
    there = f"{port}=127.0.0.1:{port}"
    holder = ["setpriv", "--pdeathsig", "KILL", "unshare", "-n", "sh", "-c"]
    with ExitStack() as stack:
        pid, said = _running(stack, [*holder, "ip link set lo up && echo up && exec cat"])
        assert said == "up", "the network could not be made"
        _, said = _running(stack, [sys.executable, "-m", "room.relay", str(pid), str(UNUSED), there])
        assert said, "nothing carries connections out of the network"
        yield ["nsenter", f"-n/proc/{pid}/ns/net", "--"]


def _running(stack: ExitStack, command: list[str]) -> tuple[int, str]:
    """A process that lives as long as *stack*, and its first line."""
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stack.enter_context(process)
    stack.callback(process.kill)
    assert process.stdout is not None
    return process.pid, process.stdout.readline().strip()
