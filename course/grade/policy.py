"""What a submission may ask of its private engine: an authorization plugin, served from outside.

The engine sends every request here before it acts (Docker's own plugin protocol, version 1) and refuses what
is refused. What is forbidden is what would reach the engine's process itself, and with it the answers that
the judge gets. Ordinary use of Docker is not: ports, networks, volumes, builds, folders of the lab.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socketserver
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

# What Docker gives by default, and what a lesson on networks may add.
CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_ADMIN",
    "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
LOG_DRIVERS = ("", "json-file", "local", "none")
# Requests that change something, by path; any other that changes something is refused.
CHANGING = tuple(
    re.compile(pattern)
    for pattern in (
        r"/containers/create",
        r"/containers/[^/]+/(start|stop|restart|kill|update|rename|pause|unpause|attach|wait|resize|exec|archive)",
        r"/containers/prune",
        r"/exec/[^/]+/(start|resize)",
        r"/images/(create|load|prune)",
        r"/images/.+/(tag|push)",
        r"/(build|build/prune|build/cancel|commit|session|grpc|auth)",
        r"/networks/(create|prune)",
        r"/networks/[^/]+/(connect|disconnect)",
        r"/volumes/(create|prune)",
    )
)
# Fields of a HostConfig that must be empty.
FORBIDDEN = (
    "privileged", "devices", "devicerequests", "devicecgrouprules", "cgroupparent", "maskedpaths",
    "readonlypaths", "volumedriver",
)  # fmt: skip
# What of a private engine's disk is the learner's; beside it lies the engine's own data.
OURS = ("labs", "home")
WHERE = "where labs are graded"


class Forbidden(Exception):
    """A request that the engine must not carry out; the message is for the learner."""


Json = Any
Resolve = Callable[[str], bool]


def refuse(method: str, uri: str, body: bytes, is_ours: Resolve) -> None:
    """Raise Forbidden unless the request may pass; *is_ours* tells which paths are the learner's."""
    if method in ("GET", "HEAD", "OPTIONS", "DELETE"):
        return
    path = re.sub(r"^/v\d+(\.\d+)*(?=/)", "", unquote(urlsplit(uri).path))
    if not any(pattern.fullmatch(path) for pattern in CHANGING):
        raise Forbidden(f"{method} {path} is not possible {WHERE}.")
    if path == "/containers/create":
        _container(_read(body), is_ours)
    elif path.endswith("/exec") and _read(body).get("privileged"):
        raise Forbidden(f"docker exec --privileged is not possible {WHERE}.")
    elif path == "/volumes/create":
        _volume_options(_read(body).get("driveropts"))


def _read(body: bytes) -> dict[str, Json]:
    """The body's JSON with its names folded: the engine takes `hostconfig` for `HostConfig`, so must we."""

    def fold(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        folded = {name.casefold(): value for name, value in pairs}
        if len(folded) != len(pairs):
            raise Forbidden(f"A request that says one thing twice is not possible {WHERE}.")
        return folded

    try:
        found = json.loads(body, object_pairs_hook=fold)
    except ValueError:
        found = None
    # The engine sends no body along that is larger than 1 MiB or doesn't call itself JSON.
    if not isinstance(found, dict):
        raise Forbidden(f"A request without readable JSON is not possible {WHERE}.")
    return found


def _container(asked: dict[str, Json], is_ours: Resolve) -> None:
    host = asked.get("hostconfig") or {}
    if not isinstance(host, dict):
        raise Forbidden(f"A HostConfig that is no object is not possible {WHERE}.")
    for name in ("pidmode", "ipcmode", "utsmode", "usernsmode", "cgroupnsmode"):
        if str(host.get(name) or "").casefold() == "host":
            raise Forbidden(f"--{name.removesuffix('mode')} host is not possible {WHERE}.")
    for name in FORBIDDEN:
        if host.get(name) or (name.endswith("paths") and host.get(name) is not None):
            raise Forbidden(f"{name} is not possible {WHERE}.")
    if host.get("runtime") not in (None, "", "runc", "io.containerd.runc.v2"):
        raise Forbidden(f"Another runtime is not possible {WHERE}.")
    if (host.get("logconfig") or {}).get("type", "") not in LOG_DRIVERS:
        raise Forbidden(f"Log drivers {WHERE}: json-file, local and none.")
    for name in host.get("capadd") or ():
        if str(name).upper().removeprefix("CAP_") not in CAPABILITIES:
            raise Forbidden(f"--cap-add {name} is not possible {WHERE}.")
    for option in host.get("securityopt") or ():
        if not re.fullmatch(r"no-new-privileges([:=]true)?|seccomp=\{.*\}", str(option), re.DOTALL):
            raise Forbidden(f"--security-opt {str(option)[:40]} is not possible {WHERE}.")
    _mounts(host, is_ours)


def _mounts(host: dict[str, Json], is_ours: Resolve) -> None:
    sources = [str(bind).split(":", 1)[0] for bind in host.get("binds") or ()]
    for mount in host.get("mounts") or ():
        kind = str(mount.get("type", "")).casefold()
        if kind == "bind":
            sources.append(str(mount.get("source", "")))
            if "shared" in str((mount.get("bindoptions") or {}).get("propagation", "")):
                raise Forbidden(f"Shared mount propagation is not possible {WHERE}.")
        elif kind == "volume":
            driver = (mount.get("volumeoptions") or {}).get("driverconfig") or {}
            _volume_options(driver.get("options"))
        elif kind != "tmpfs":
            raise Forbidden(f"Mounts of type {kind or 'nothing'} are not possible {WHERE}.")
    for bind in host.get("binds") or ():
        if "shared" in str(bind).rsplit(":", 1)[-1]:
            raise Forbidden(f"Shared mount propagation is not possible {WHERE}.")
    for source in sources:
        if source.startswith("/") and not is_ours(source):
            raise Forbidden(f"Mounting {source} is not possible {WHERE}; folders beside the notebook are.")


def _volume_options(options: Json) -> None:
    """A volume of driver `local` can be any mount; here it may be a plain one or a tmpfs."""
    kept = {str(name): str(value) for name, value in (options or {}).items()}
    if kept and kept.get("type") != "tmpfs":
        raise Forbidden(f"Volume options other than --opt type=tmpfs are not possible {WHERE}.")


def below(outside: Path, inside: PurePosixPath) -> Resolve:
    """Whether a path that the engine calls *inside*/… is reached without a link, seen in *outside*."""

    def is_ours(source: str) -> bool:
        path = PurePosixPath(source)
        if ".." in path.parts or not any(path.is_relative_to(inside / each) for each in OURS):
            return False
        here = outside
        for part in path.relative_to(inside).parts:
            here = here / part
            try:
                kind = os.lstat(here).st_mode
            except FileNotFoundError:
                return True  # the engine makes the folder
            except OSError:
                return False
            if not (stat.S_ISDIR(kind) or stat.S_ISREG(kind)):
                return False
        return True

    return is_ours


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Answer one question of the engine's."""
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self._answer(ANSWERS[self.path.strip("/")](asked, self.server.is_ours))

    def _answer(self, words: dict[str, Json]) -> None:
        text = json.dumps(words).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.docker.plugins.v1.1+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a class's requests would drown the grader's own words."""


def _activate(asked: dict[str, Json], is_ours: Resolve) -> dict[str, Json]:
    return {"Implements": ["authz"]}


def _request(asked: dict[str, Json], is_ours: Resolve) -> dict[str, Json]:
    try:
        body = base64.b64decode(asked.get("RequestBody") or "")
        refuse(str(asked.get("RequestMethod", "")), str(asked.get("RequestUri", "")), body, is_ours)
    except Forbidden as words:
        return {"Allow": False, "Msg": str(words)}
    except Exception as error:  # whatever a request does to us, it doesn't pass
        return {"Allow": False, "Msg": f"This request could not be read {WHERE}: {type(error).__name__}."}
    return {"Allow": True}


def _response(asked: dict[str, Json], is_ours: Resolve) -> dict[str, Json]:
    return {"Allow": True}


ANSWERS = {"Plugin.Activate": _activate, "AuthZPlugin.AuthZReq": _request, "AuthZPlugin.AuthZRes": _response}


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, socket: Path, is_ours: Resolve) -> None:
        self.is_ours = is_ours
        super().__init__(str(socket), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """An engine that goes away in mid-question is no news."""


@contextmanager
def served(socket: Path, is_ours: Resolve) -> Iterator[None]:
    """Answer on *socket* while the block runs; without an answer the engine refuses everything."""
    server = _Server(socket, is_ours)
    socket.chmod(0o666)
    worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    worker.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        with contextlib.suppress(FileNotFoundError):
            socket.unlink()
