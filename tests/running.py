"""Run a notebook, by nbval in a process of its own or cell by cell in a kernel; asks no engine."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import comparing
import pages
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

SANITIZE = pages.ROOT / "tests" / "sanitize.cfg"
CELL_SECONDS = 300
NOTEBOOK_SECONDS = 1200


def nbval_command(notebook: Path) -> list[str]:
    """What compares *notebook* strictly; it stops at the first wrong cell, because those after it mislead."""
    return [
        sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env",
        f"--nbval-cell-timeout={CELL_SECONDS}", f"--nbval-sanitize-with={SANITIZE}",
        f"--rootdir={notebook.parent}", "-p", "no:cacheprovider",
        "-p", "comparing", "--exitfirst", "--color=no", "--quiet", "--no-header", str(notebook),
    ]  # fmt: skip


def faults(notebook: Path, env: Mapping[str, str], scratch: Path) -> list[str]:
    """Run *notebook* by nbval strict; what is wrong with it, in words, with the first failing cell's output.

    *env* is the kernel's; *scratch* a folder for a file of this run's.
    """
    note = scratch / f"{notebook.stem}-{time.monotonic_ns()}.json"
    path = os.pathsep.join([str(pages.ROOT / "tests"), *filter(None, [env.get("PYTHONPATH")])])
    done = subprocess.run(
        nbval_command(notebook), env={**env, "PYTHONPATH": path, comparing.FILE: str(note)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=NOTEBOOK_SECONDS,
    )  # fmt: skip
    if done.returncode:
        return [f"nbval ended with exit code {done.returncode}:\n{done.stdout}"]
    return _uncompared(notebook, json.loads(note.read_text()))


def _uncompared(notebook: Path, compared: list[str]) -> list[str]:
    """Untagged code cells that passed without a comparison; a notebook without any is a fault too."""
    ought = [cell.id for cell in pages.read(notebook, "chapter").code() if cell.is_compared]
    if not ought:
        return ["it has no cell to compare"]
    return [f"cell {cell} was not compared" for cell in ought if cell not in compared]


class Kernel:
    """A kernel that runs cells one at a time."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(cwd=str(folder), env=dict(env))
        self._client: BlockingKernelClient = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)
        self._asked = ""

    def send(self, source: str) -> None:
        """Begin to run a cell, without waiting for it."""
        self._asked = self._client.execute(source)

    def has_ended(self) -> bool:
        """Whether the cell sent last has run to its end."""
        with contextlib.suppress(queue.Empty):
            while True:
                reply = self._client.get_shell_msg(timeout=0)
                if reply["parent_header"].get("msg_id") == self._asked:
                    return True
        return False

    def run(self, source: str) -> str:
        """Run a cell to its end; what it showed, an error's text included."""
        shown: list[str] = []

        def keep(message: dict[str, Any]) -> None:
            content = message["content"]
            shown.append(content.get("text", "") + "\n".join(content.get("traceback", [])))

        self._client.execute_interactive(source, timeout=CELL_SECONDS, output_hook=keep)
        return "".join(shown)

    def kill(self) -> None:
        """End the kernel's process at once, as `kill -9` does: nothing in it gets to tidy up."""
        os.kill(self._manager.provisioner.pid, signal.SIGKILL)  # type: ignore[union-attr]
        self._close(now=True)

    def stop(self) -> None:
        """End the kernel as JupyterLab does."""
        self._close(now=False)

    def _close(self, *, now: bool) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=now)


@contextmanager
def kernel(folder: Path, env: Mapping[str, str]) -> Iterator[Kernel]:
    """A kernel in *folder*, ended with the block."""
    found = Kernel(folder, env)
    try:
        yield found
    finally:
        found.stop()
