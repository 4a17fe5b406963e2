"""Engines beside this one, each in a machine of its own, for proofs that run at once; knows no test."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from machine import Machine, machine

from course import engine
from course.engine import daemon

# Their images lie on the same disk as this machine's own; a folder that no run has locked is a killed run's.
PLACE = daemon.HOME / "prove"
ROOM = 8 << 30  # bytes of disk for one: the images, and what proofs make
HERE = "here"  # what the worker on this machine itself is called


def number() -> int:
    """How many engines beside this one are worth it; none without the right, or without room on the disk.

    A proof waits a third of its time (for grace periods, databases, a machine that boots), so there are three
    engines for two cores. Namespaces need root on Linux, and each machine needs a dockerd to start.
    """
    able = sys.platform == "linux" and os.geteuid() == 0 and engine.can_run_containers()
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    if not able or shutil.which("dockerd", path=path) is None:
        return 0
    wanted = len(os.sched_getaffinity(0)) * 3 // 2 - 1
    return min(wanted, shutil.disk_usage(daemon.HOME.parent).free // ROOM)


@contextmanager
def beside(count: int, tags: list[str]) -> Iterator[list[Machine]]:
    """*count* machines with an engine that has the images *tags*; they end with the block, data and all."""
    _remove_what_killed_runs_left()
    with ExitStack() as stack:
        machines = [stack.enter_context(_one(f"{os.getpid()}-{place}")) for place in range(count)]
        for each in machines:
            started = each.course("engine", "start")
            assert started.returncode == 0, started.stdout
        _copy_images(tags, machines)
        yield machines


@contextmanager
def _one(name: str) -> Iterator[Machine]:
    folder = PLACE / name
    (folder / "home").mkdir(parents=True)
    try:
        with _locked(folder), machine(folder / "home", disk=folder) as made:
            yield made
    finally:
        shutil.rmtree(folder)


def _copy_images(tags: list[str], machines: list[Machine]) -> None:
    """Load this engine's images into every machine, all of them from one `docker save`."""
    if not machines:
        return
    save = subprocess.Popen(["docker", "save", *tags], stdout=subprocess.PIPE, env=engine.environment())
    loads = [_load(each) for each in machines]
    assert save.stdout is not None
    while block := save.stdout.read(1 << 20):
        for load in loads:
            assert load.stdin is not None
            load.stdin.write(block)
    for load in loads:
        load.communicate()
    codes = [process.wait() for process in (save, *loads)]
    assert not any(codes), f"docker save and load ended with {codes}: is the disk of {PLACE} full?"


def _load(target: Machine) -> subprocess.Popen[bytes]:
    command = target.command("docker", "load", "--quiet")
    return subprocess.Popen(
        command, env=target.environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )


def _remove_what_killed_runs_left() -> None:
    for folder in PLACE.glob("*"):
        with (folder / "lock").open("w") as lock:
            if _lock(lock):
                shutil.rmtree(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        assert _lock(lock), f"{folder} is in use"
        yield


def _lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
