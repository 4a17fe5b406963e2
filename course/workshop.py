"""Start JupyterLab on the course and prove that it is open; knows nothing of Docker or of the chapters."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from course import places
from course.engine.daemon import until
from course.errors import CourseError

OPEN_SECONDS = 60.0
LOOPBACK = "127.0.0.1"
# What JupyterLab's list of files leaves out: its own usual ones, and the answers that lie beside a notebook.
HIDDEN = (
    "__pycache__",
    "*.pyc",
    "*.pyo",
    ".DS_Store",
    "*~",
    "*.quiz.toml",
    "*.puzzles.toml",
    "misconceptions.toml",
)


class WorkshopError(CourseError):
    """JupyterLab did not open."""


def command(
    port: int, token: str, browser: bool, listen: str = LOOPBACK, folder: Path = places.ROOT
) -> list[str]:
    """The JupyterLab command line: this machine only unless told otherwise, the course's *folder*."""
    words = [
        sys.executable, "-m", "jupyterlab", f"--port={port}", f"--IdentityProvider.token={token}",
        f"--ServerApp.ip={listen}", f"--ServerApp.root_dir={folder}", "--ServerApp.port_retries=0",
        "--LabApp.default_url=/lab/tree/notebooks/00-start.ipynb", "--LabApp.news_url=",
        "--ServerApp.log_level=WARN", "--ServerApp.use_redirect_file=False",
    ]  # fmt: skip
    words += [f"--ContentsManager.hide_globs={pattern}" for pattern in HIDDEN]
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    return words + root + ([] if browser else ["--no-browser"])


def free_port(wanted: int) -> int:
    """*wanted* if nobody holds it on 127.0.0.1, else one that the system says is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise WorkshopError("No port on 127.0.0.1 is free.", "end a program that holds many, then make lab again")


def settle_jupyterlab() -> None:
    """Give this environment's JupyterLab the course's defaults.

    It asks nobody for news or updates, and a link to a page such as the glossary opens it as one reads it.
    """
    folder = Path(sys.prefix) / "share" / "jupyter" / "lab" / "settings"
    folder.mkdir(parents=True, exist_ok=True)
    defaults = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    }
    (folder / "overrides.json").write_text(json.dumps(defaults, indent=2) + "\n")


def can_show_a_browser() -> bool:
    """Whether this session has a display to open a browser on."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def answers(url: str) -> bool:
    """Whether *url* gives 200."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=3) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def start(
    port: int = 8888,
    *,
    browser: bool | None = None,
    listen: str = LOOPBACK,
    folder: Path = places.ROOT,
    more: tuple[str, ...] = (),
) -> tuple[subprocess.Popen[bytes], str]:
    """Start JupyterLab and wait until its page answers; gives the process and the address with its token.

    *listen* is the address that it listens on, *folder* what it shows; *more* are further words for its
    command line.
    """
    settle_jupyterlab()
    chosen, token = free_port(port), secrets.token_hex(16)
    show = can_show_a_browser() if browser is None else browser
    log = places.state() / "jupyterlab.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command(chosen, token, show, listen, folder), *more], cwd=folder, stdout=out, stderr=out
        )
    url = f"http://127.0.0.1:{chosen}/lab/tree/notebooks/00-start.ipynb?token={token}"
    until(lambda: process.poll() is not None or answers(url), OPEN_SECONDS)
    if process.poll() is not None or not answers(url):
        stop(process)
        tail = "\n  ".join(Path(log).read_text(errors="replace").splitlines()[-6:])
        raise WorkshopError(f"JupyterLab did not open within {OPEN_SECONDS:.0f} s:\n  {tail}", f"read {log}")
    return process, url


def stop(process: subprocess.Popen[bytes]) -> None:
    """End JupyterLab with its kernels; after 10 s for good."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            until(lambda: process.poll() is not None, 10)


def serve(port: int, listen: str = LOOPBACK) -> int:
    """Open JupyterLab and stay with it until it ends or Ctrl-C."""
    process, url = start(port, listen=listen)
    print(f"\nJupyterLab is open:\n  {url}")
    print("Ctrl-C here ends it. The engine goes on; `make stop` ends that too.", flush=True)
    try:
        return process.wait()
    except KeyboardInterrupt:
        stop(process)
        return 0
