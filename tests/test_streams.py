"""What a command in a container prints arrives whole, however its first bytes travel."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from course import engine
from course.engine import faults, streams

WORD = b"thin walls\n"
HEADERS = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
HEADERS += b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
BUSYBOX = "busybox:1.37"


def frame(stream: int, data: bytes) -> bytes:
    """One frame of the engine's stream of two streams."""
    return streams.HEADER.pack(stream, len(data)) + data


class Hasty(socketserver.StreamRequestHandler):
    """An engine whose command has ended before the answer's headers left: all of it comes in one piece."""

    def handle(self) -> None:
        """Take one request, and answer it at once."""
        line = self.rfile.readline().decode()
        length = 0
        while (header := self.rfile.readline().strip().lower()) != b"":
            if header.startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        self.rfile.read(length)
        if "/start" in line:
            self.wfile.write(HEADERS + frame(1, WORD) + frame(2, b"a") + frame(1, b"b"))
        else:
            body = json.dumps({"ApiVersion": "1.45"}).encode()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n")
            self.wfile.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[str]:
    """The address of such an engine."""
    path = tmp_path / "engine.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Hasty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{path}"
        server.shutdown()


def test_what_comes_with_the_headers_is_kept(hasty: str) -> None:
    """The course's client gives all of it: whole, in parts, and each stream for itself."""
    api = faults.connect(hasty, 5).api
    assert api.exec_start("x") == WORD + b"ab"
    assert b"".join(api.exec_start("x", stream=True)) == WORD + b"ab"
    assert api.exec_start("x", demux=True) == (WORD + b"b", b"a")


def test_the_sdk_by_itself_still_loses_it(hasty: str) -> None:
    """When this fails the SDK has been mended, and course/engine/streams.py can go."""
    assert docker.DockerClient(base_url=hasty, version="1.45", timeout=5).api.exec_start("x") == b""


def test_short_long_slow_and_terminal_output_arrive_whole() -> None:
    """On a real engine, with a time limit for requests that is shorter than the slow command."""
    client: Any = faults.connect(engine.find().endpoint, 2)
    made = client.containers.run(BUSYBOX, "tail -f /dev/null", detach=True)
    try:
        assert [made.exec_run("echo here").output for _ in range(20)] == [b"here\n"] * 20
        assert len(made.exec_run("head -c 3000000 /dev/zero").output) == 3_000_000
        assert made.exec_run(["sh", "-c", "echo a; sleep 3; echo b"]).output == b"a\nb\n"
        assert made.exec_run(["sh", "-c", "tty; echo b"], tty=True).output == b"/dev/pts/0\r\nb\r\n"
        assert made.exec_run(["sh", "-c", "echo a; echo b >&2"], demux=True).output == (b"a\n", b"b\n")
    finally:
        made.remove(force=True)
