"""Try on the engine what the course will need, and say in plain words what is wrong and the one cure."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from course import engine, kit
from course.engine.daemon import until
from course.errors import CourseError

IMAGE = "busybox:1.37"
NEEDS_DISK_GIB = 5.0
NEEDS_MEMORY_GIB = 2.0
SIGNS = {"well": "✓", "note": "·", "wrong": "✗"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at: well, note (works, with a limit) or wrong, what was seen, and the cure."""

    what: str
    state: Literal["well", "note", "wrong"]
    seen: str
    cure: str = ""

    def __str__(self) -> str:
        line = f"{SIGNS[self.state]} {self.what:<18} {self.seen}"
        return f"{line}\n  {'':<18} → {self.cure}" if self.cure else line


def examine() -> Iterator[Finding]:
    """Everything the course needs, one finding after another; stops early where no engine answers."""
    try:
        yield from _examine()
    except CourseError as error:
        yield Finding("engine", "wrong", error.seen, error.next_step)


def _examine() -> Iterator[Finding]:
    found = engine.find()
    version = engine.client().version()
    yield Finding("engine", "well", f"{version['Version']} at {found.endpoint} ({found.source})")
    yield from _facts(engine.client().info(), version)
    yield from _programs()
    for what, attempt in ATTEMPTS.items():
        yield _try(what, attempt)
    yield from _images()


def facts() -> dict[str, str]:
    """What chapter 00 shows of this engine, in the order of the table."""
    info, version = engine.client().info(), engine.client().version()
    return {
        "engine": str(version["Version"]),
        "API": str(version["ApiVersion"]),
        "storage driver": str(info["Driver"]),
        "cgroup version": str(info.get("CgroupVersion", "1")),
        "platform": f"{info['OSType']}/{info['Architecture']}",
        "kernel": str(info["KernelVersion"]),
        "CPUs": str(info["NCPU"]),
        "memory (GiB)": f"{info['MemTotal'] / 2**30:.1f}",
        "free disk (GiB)": f"{disk_free_gib(info):.1f}",
    }


def disk_free_gib(info: dict[str, Any]) -> float:
    """Free GiB where the engine keeps its data, or on this machine's root where that is inside a VM."""
    root = Path(info.get("DockerRootDir", "/"))
    return shutil.disk_usage(root if root.exists() else "/").free / 2**30


def _facts(info: dict[str, Any], version: dict[str, Any]) -> Iterator[Finding]:
    major = int(str(version["Version"]).split(".")[0])
    if major < 26:
        yield Finding("version", "wrong", f"engine {version['Version']}", "install Docker Engine 26 or later")
    free, memory = disk_free_gib(info), info["MemTotal"] / 2**30
    low = "remove what you no longer need (docker system df shows it), or free disk elsewhere"
    yield Finding("disk", *_at_least(free, NEEDS_DISK_GIB, "GiB free", low))
    more = "close other programs, or give Docker Desktop's VM more memory in its settings"
    yield Finding("memory", *_at_least(memory, NEEDS_MEMORY_GIB, "GiB", more))
    yield Finding("storage driver", "well", str(info["Driver"]))
    yield Finding(
        "cgroups", "well", f"version {info.get('CgroupVersion', '1')}, driver {info.get('CgroupDriver')}"
    )
    yield Finding(
        "platform", "well", f"{info['OSType']}/{info['Architecture']}, kernel {info['KernelVersion']}"
    )
    yield _avx(str(info["Architecture"]))


def _at_least(have: float, need: float, unit: str, cure: str) -> tuple[Literal["well", "wrong"], str, str]:
    seen = f"{have:.1f} {unit}"
    return ("well", seen, "") if have >= need else ("wrong", f"{seen}; the course needs {need:.0f}", cure)


def _avx(architecture: str) -> Finding:
    """MongoDB 5 and later (chapter 08 on) needs AVX on x86-64."""
    cpuinfo = Path("/proc/cpuinfo")
    if architecture != "x86_64" or not cpuinfo.exists():
        return Finding("AVX (for mongo)", "note", f"not looked at on {platform.system()} {architecture}")
    if " avx " in cpuinfo.read_text():
        return Finding("AVX (for mongo)", "well", "the processor has it")
    return Finding("AVX (for mongo)", "note", "missing: chapters 08 to 11 will use the stand-in for mongo")


def _programs() -> Iterator[Finding]:
    cures = {
        "docker": "install the Docker CLI",
        "docker compose": "install the Compose plugin (docker-compose-plugin, on Debian docker-compose)",
        "docker buildx": "install the buildx plugin (docker-buildx-plugin, on Debian docker-buildx)",
    }
    for words, cure in cures.items():
        command = [*words.split(), "--version" if words == "docker" else "version"]
        try:
            done = subprocess.run(command, env=engine.environment(), capture_output=True, text=True)
            good, seen = done.returncode == 0, (done.stdout or done.stderr).strip().splitlines()[0]
        except (OSError, IndexError):
            good, seen = False, "not found on the PATH"
        yield Finding(words, "well", seen) if good else Finding(words, "wrong", seen, cure)


def _try(what: str, attempt: Callable[[str], str]) -> Finding:
    name = f"course-doctor-{uuid.uuid4().hex[:8]}"
    try:
        return Finding(what, "well", attempt(name))
    except CourseError as error:
        return Finding(what, "wrong", error.seen, error.next_step)
    except Exception as error:  # the row must name any fault; the doctor goes on to the next
        cure = "see the end of the engine's log for the reason (docker info names its data folder)"
        return Finding(what, "wrong", f"{type(error).__name__}: {error}", cure)


def _runs(name: str) -> str:
    kit.ensure([IMAGE], say=lambda _: None)
    out = engine.client().containers.run(IMAGE, ["echo", name], name=name, remove=True)
    if out.decode().strip() != name:
        raise CourseError(
            f"a container was to print {name!r} and printed {out.decode()!r}", "restart the engine"
        )
    return f"a container from {IMAGE} ran"


def _builds(name: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN echo {name} > /made-by-the-doctor\n")
        command = ["docker", "build", "--quiet", "--tag", name, folder]
        done = subprocess.run(command, env=engine.environment(), capture_output=True, text=True)
    if done.returncode:
        raise CourseError(
            "\n".join(done.stderr.strip().splitlines()[-3:]), "install buildx; see `docker build` above"
        )
    engine.client().images.remove(name)
    return "an image was built"


def _publishes(name: str) -> str:
    with _container(name, ["httpd", "-f", "-p", "80"], ports={"80/tcp": ("127.0.0.1", None)}) as container:
        container.reload()
        port = container.ports["80/tcp"][0]["HostPort"]
        if not until(lambda: _answers(f"http://127.0.0.1:{port}/"), 10):
            raise CourseError(
                f"127.0.0.1:{port} was published and did not answer within 10 s",
                "look for a VPN, a proxy or a firewall between you and the engine",
            )
    return f"127.0.0.1:{port} reached a container"


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _resolves(name: str) -> str:
    network = engine.client().networks.create(name)
    try:
        with _container(name, ["httpd", "-f", "-p", "80"], network=name):
            asker = engine.client().containers
            asker.run(IMAGE, ["nslookup", name], network=name, name=f"{name}-asks", remove=True)
    finally:
        network.remove()
    return "a name on a user-defined network was found"


@contextmanager
def _container(name: str, command: list[str], **options: Any) -> Iterator[Any]:
    kit.ensure([IMAGE], say=lambda _: None)
    container = engine.client().containers.run(IMAGE, command, name=name, detach=True, **options)
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


ATTEMPTS: dict[str, Callable[[str], str]] = {
    "runs": _runs,
    "builds": _builds,
    "publishes": _publishes,
    "resolves": _resolves,
}


def _images() -> Iterator[Finding]:
    for row in kit.status():
        state: Literal["well", "note"] = "note" if row.stand_in or not row.here else "well"
        yield Finding(row.tag, state, row.words())
