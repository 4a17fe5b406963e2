"""What a submission may ask of its private engine: an authorization plugin, served from outside.

The engine sends every request here before it acts (Docker's own plugin protocol, version 1) and refuses what
is refused. What is forbidden is what would reach the engine's process itself, and with it the answers that
the judge gets. Ordinary use of Docker is not: ports, networks, volumes, builds, folders of the lab.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import os
import re
import secrets
import socketserver
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

# What Docker gives by default, and what a lesson on networks may add.
CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_ADMIN",
    "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
TMPFS_DEVICES = ("", "tmpfs", "none")
TMPFS_WORDS = frozenset({"size", "nr_inodes", "mode", "uid", "gid", "ro", "rw", "nosuid", "nodev", "noexec"})
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
# The judge's requests carry the seal's key in this header; it is spoken only to a proved engine.
KEY_HEADER = "X-Course-Judge"
# More than an engine sends, which is 4 MiB of a request in base64, and its headers.
MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class Seal:
    """Once closed, the engine hears only the judge: a line that a learner's container kept open is no use."""

    key: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    _closed: threading.Event = field(default_factory=threading.Event)

    def close(self) -> None:
        """From now on only requests with the key may pass."""
        self._closed.set()

    def check(self, headers: Mapping[str, Json]) -> None:
        """Raise Forbidden when it is closed and *headers* lack the key."""
        if self._closed.is_set() and not hmac.compare_digest(str(headers.get(KEY_HEADER, "")), self.key):
            raise Forbidden("The time of this submission is over.")


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
    # The engine refuses a body above 4 MiB, and sends none along that doesn't call itself JSON.
    if not isinstance(found, dict):
        raise Forbidden(f"A request without readable JSON is not possible {WHERE}.")
    return found


def _container(asked: dict[str, Json], is_ours: Resolve) -> None:
    # Older engines took a HostConfig's fields beside it, too.
    for host in (asked.get("hostconfig") or {}, asked):
        if not isinstance(host, dict):
            raise Forbidden(f"A HostConfig that is no object is not possible {WHERE}.")
        _host_config(host, is_ours)


def _host_config(host: dict[str, Json], is_ours: Resolve) -> None:
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
        _security_option(str(option))
    _mounts(host, is_ours)


def _security_option(option: str) -> None:
    if re.fullmatch(r"no-new-privileges([:=]true)?", option):
        return
    profile = _read(option.removeprefix("seccomp=").encode()) if option.startswith("seccomp=") else None
    # A listener would be handed the system calls of whoever starts the container, too.
    if not profile or profile.get("listenerpath") or "SCMP_ACT_NOTIFY" in option:
        raise Forbidden(f"--security-opt {option[:40]} is not possible {WHERE}.")


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
    words = {word.partition("=")[0] for word in kept.get("o", "").split(",") if word}
    # With the word `bind` the kernel overlooks the type, and mounts the device: any folder of the engine's.
    plain = kept.get("type") == "tmpfs" and kept.get("device", "") in TMPFS_DEVICES and words <= TMPFS_WORDS
    if kept and not plain:
        raise Forbidden(f"Volume options other than a plain --opt type=tmpfs are not possible {WHERE}.")


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


@dataclass(frozen=True)
class Rules:
    """What one private engine's requests are judged by: the learner's paths, and whether time is over."""

    is_ours: Resolve
    seal: Seal = field(default_factory=Seal)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        """Answer one question of the engine's."""
        length = int(self.headers.get("Content-Length", 0))
        if not 0 <= length <= MOST_BYTES:
            self.send_error(413)
            return
        asked = json.loads(self.rfile.read(length) or b"{}")
        self._answer(ANSWERS[self.path.strip("/")](asked, self.server.rules))

    def _answer(self, words: dict[str, Json]) -> None:
        text = json.dumps(words).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.docker.plugins.v1.1+json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: a class's requests would drown the grader's own words."""


def _activate(asked: dict[str, Json], rules: Rules) -> dict[str, Json]:
    return {"Implements": ["authz"]}


def _request(asked: dict[str, Json], rules: Rules) -> dict[str, Json]:
    try:
        rules.seal.check(asked.get("RequestHeaders") or {})
        body = base64.b64decode(asked.get("RequestBody") or "")
        refuse(str(asked.get("RequestMethod", "")), str(asked.get("RequestUri", "")), body, rules.is_ours)
    except Forbidden as words:
        return {"Allow": False, "Msg": str(words)}
    except Exception as error:  # whatever a request does to us, it doesn't pass
        return {"Allow": False, "Msg": f"This request could not be read {WHERE}: {type(error).__name__}."}
    return {"Allow": True}


def _response(asked: dict[str, Json], rules: Rules) -> dict[str, Json]:
    return {"Allow": True}


ANSWERS = {"Plugin.Activate": _activate, "AuthZPlugin.AuthZReq": _request, "AuthZPlugin.AuthZRes": _response}


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, socket: Path, rules: Rules) -> None:
        self.rules = rules
        super().__init__(str(socket), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """An engine that goes away in mid-question is no news."""


@contextmanager
def served(socket: Path, rules: Rules) -> Iterator[None]:
    """Answer on *socket* while the block runs; without an answer the engine refuses everything."""
    server = _Server(socket, rules)
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
