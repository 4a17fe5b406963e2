"""A learner's container: JupyterLab and a private engine, no network; a relay is its way to the hub."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

from dockerspawner import DockerSpawner
from traitlets import Dict, Int

from course import places
from course.grade import engines
from room import disk, python, state

LABEL = "course.room"
# Inside a learner's network; away from those that chapters and people use.
PORT, HUB_PORT, MIRROR_PORT = 15088, 15081, 15039
AT_ONCE = 3
READY_SECONDS = 90.0
STOP_SECONDS = 3
INSIDE = Path(__file__).parent / "inside"


def fence(memory: int, processes: int) -> dict[str, Any]:
    """What a learner's container may be and use, in the SDK's words; `course.grade.engines` says the same.

    Memory and processors are limited by the hub's own settings.
    """
    from docker.types import LogConfig

    return {
        "read_only": True, "cap_drop": ["ALL"], "cap_add": ["SETUID", "SETGID"],
        "memswap_limit": memory, "pids_limit": processes,
        "tmpfs": {"/tmp": "size=256m,mode=1777", "/run": f"size=64m,uid={engines.ENGINE_USER}"},
        "security_opt": ["seccomp=unconfined", "apparmor=unconfined"], "log_config": LogConfig(type="none"),
    }  # fmt: skip


# Twenty that start at the same moment would all be late; the others see the hub's page of progress.
_turn = asyncio.Semaphore(AT_ONCE)


class RoomSpawner(DockerSpawner):  # type: ignore[misc]
    """Starts a learner's container as `course.grade.engines` starts one for a submission."""

    outward = Dict(config=True, help="by port in a learner's network, the address here where it leads")
    processes = Int(1500, config=True, help="processes and threads")

    _relay: Process | None = None

    async def start(self) -> tuple[str, int]:
        """Mount the disk, start the container, connect it, and wait until JupyterLab answers."""
        async with _turn:
            await asyncio.to_thread(disk.opened, self.user.name)
            address: tuple[str, int] = await super().start()
            await self._answers(address)
        return address

    async def get_ip_and_port(self) -> tuple[str, int]:
        """Where the hub reaches it: at the relay's port on this machine."""
        await self._end_relay()
        pid = (await self.docker("inspect_container", self.container_id))["State"]["Pid"]
        inner = await self._with_own_network(pid)
        ways = [f"{port}={address}" for port, address in self.outward.items()]
        self._relay = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "room.relay", str(inner), str(PORT), *ways,
            cwd=places.ROOT, stdin=PIPE, stdout=PIPE,
        )  # fmt: skip
        assert self._relay.stdout is not None
        return "127.0.0.1", int(await asyncio.wait_for(self._relay.stdout.readline(), READY_SECONDS))

    async def stop(self, now: bool = False) -> None:
        """End the container and what connects it; the disk stays, mounted until the room closes."""
        await self._end_relay()
        await super().stop(now)

    async def stop_object(self) -> None:
        """End it within seconds: the learner's data are on the disk, and containers end with their engine."""
        import docker.errors

        with contextlib.suppress(docker.errors.NotFound):
            await self.docker("stop", self.container_id, timeout=STOP_SECONDS)

    async def create_object(self) -> Any:
        """Create it with the limits of today's settings."""
        name = self.user.name
        binds = [
            f"{disk.folder(name)}:{engines.INSIDE}", f"{INSIDE}:/room:ro",
            f"{python.fetched()}:{python.INSIDE}:ro",
        ]  # fmt: skip
        self.extra_host_config = fence(self.mem_limit, self.processes) | {"binds": binds}
        self.extra_create_kwargs = {
            "entrypoint": ["/room/start"], "user": str(engines.ENGINE_USER),
            "labels": {LABEL: str(state.home())},
            # What `--security-opt systempaths=unconfined` means; a rootless engine mounts /proc anew.
            "host_config": {"MaskedPaths": [], "ReadonlyPaths": []},
        }  # fmt: skip
        return await super().create_object()

    async def _with_own_network(self, pid: int) -> int:
        """The first process below *pid* with a network of its own: the engine's and the learner's."""
        end = asyncio.get_running_loop().time() + READY_SECONDS
        while asyncio.get_running_loop().time() < end:
            # It may have been entered while we looked, and what we found be a short-lived child of the one
            # that entered: that one stands above it, so a second look finds it first.
            if _first_below(pid, _network(pid)) and (found := _first_below(pid, _network(pid))):
                return found
            await asyncio.sleep(0.02)
        raise RuntimeError(f"the container of {self.user.name} made no network")

    async def _answers(self, address: tuple[str, int]) -> None:
        """Wait until something answers behind the relay: the next one starts after the work of this."""
        end = asyncio.get_running_loop().time() + READY_SECONDS
        while asyncio.get_running_loop().time() < end and await self.poll() is None:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(*address)
                writer.write(f"GET /user/{self.user.name}/api HTTP/1.0\r\n\r\n".encode())
                answer = await reader.read(1)
                writer.close()
                if answer:
                    return
            await asyncio.sleep(0.1)

    async def _end_relay(self) -> None:
        if self._relay is not None:
            with contextlib.suppress(ProcessLookupError):
                self._relay.kill()
            await self._relay.wait()
            self._relay = None


def _network(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def _first_below(pid: int, network: str) -> int | None:
    """Level by level, the first descendant of *pid* that is not in *network*."""
    level = [pid]
    while level:
        below = [int(word) for each in level for word in _children(each)]
        for each in below:
            if _network(each) not in (network, ""):
                return each
        level = below
    return None


def _children(pid: int) -> list[str]:
    """Whatever any thread of *pid* has started: in a program in Go it may be any."""
    try:
        return [
            word for file in Path(f"/proc/{pid}/task").glob("*/children") for word in file.read_text().split()
        ]
    except OSError:
        return []
