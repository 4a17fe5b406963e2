"""A bare machine beside this one: namespaces with a network, /run and engine data of their own; root only."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Everything that an engine keeps or is reached by, so that nothing of this machine's engine is seen.
OWN = ("/run", "/var/lib/docker", "/var/lib/containers-course")
DATA = "var-lib-docker"  # where the second of them lies below a machine's disk
# Process numbers begin anew in each machine, so a folder named after one needs a place of the machine's own.
SCRATCH = "/run/scratch"

# Where SIGCHLD is ignored the kernel itself buries the orphans, as a machine's init would.
FIRST_PROCESS = (
    "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
    'print("ready", flush=True); signal.sigwait({signal.SIGTERM})'
)


@dataclass(frozen=True)
class Machine:
    """Commands run in it see no engine but its own; ending it ends all that it runs."""

    pid: int
    state: Path

    def command(self, *words: str) -> list[str]:
        """The command line that runs *words* in the machine."""
        return [
            "nsenter",
            "--target",
            str(self.pid),
            "--mount",
            "--net",
            "--pid",
            f"--wd={ROOT}",
            "--",
            *words,
        ]

    def environment(self) -> dict[str, str]:
        """The environment of its commands: no engine named, state of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        return kept | self.own()

    def own(self) -> dict[str, str]:
        """What its commands have that this process's don't."""
        return {
            "COURSE_STATE": str(self.state),
            "HOME": str(self.state),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": SCRATCH,
        }

    def run(self, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run *words* to their end and give exit code and both streams as one text."""
        return subprocess.run(
            self.command(*words), env=self.environment(), text=True, timeout=seconds,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def course(self, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run `python -m course` with *words*."""
        return self.run(sys.executable, "-m", "course", *words, seconds=seconds)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start *words* and don't wait."""
        return subprocess.Popen(
            self.command(*words), env=self.environment(), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


@contextmanager
def machine(state: Path, disk_mib: int = 600, disk: Path | None = None) -> Iterator[Machine]:
    """A bare machine; *state* is its home folder.

    What its engine keeps lies in *disk*, or else in memory, at most *disk_mib* MiB of it.
    """
    made = " && ".join(_mount(folder, disk_mib, disk) for folder in OWN)
    first = f"exec {sys.executable} -c '{FIRST_PROCESS}'"
    script = f"{made} && mkdir -p /run/lock && mkdir -m 1777 -p {SCRATCH} && ip link set lo up && {first}"
    # Without the first word a killed test run would leave the machine behind.
    holder = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL",
         "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
         "sh", "-c", script],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        first = holder.stdout.readline()
        assert first == "ready\n", f"namespaces could not be made (root on Linux?): {first}"
        yield Machine(_child(holder.pid), state)
    finally:
        holder.kill()
        holder.wait()


def _mount(folder: str, disk_mib: int, disk: Path | None) -> str:
    """The shell words that give the machine a *folder* of its own."""
    if disk is None:
        return f"mkdir -p {folder} && mount -t tmpfs -o size={disk_mib}m,mode=755 tmpfs {folder}"
    own = shlex.quote(str(disk / folder.strip("/").replace("/", "-")))
    return f"mkdir -p {folder} {own} && mount --bind {own} {folder}"


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
