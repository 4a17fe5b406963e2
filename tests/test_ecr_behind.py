"""What the local ECR's front says when the registry behind it fails: that it failed, and nothing else."""

from __future__ import annotations

import base64
import http.client
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ecr_parts import FRONT, MODEL, basic, digest_of

sys.path.insert(0, str(FRONT))

from front import tokens  # noqa: E402 # it lies in an image's folder, which is on nobody's path
from front.app import App  # noqa: E402
from front.server import Server  # noqa: E402
from front.settings import Settings  # noqa: E402
from front.state import State  # noqa: E402
from front.upstream import Upstream  # noqa: E402

LAYER = digest_of(b"a layer")
INNER = "/var/lib/secret-place"


@contextmanager
def front_over(said: bytes | None) -> Iterator[int]:
    """A front with a repository `here`, over something that answers *said* to all; None: nothing is there."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "socket"
        state = State(Path(folder) / "state.sqlite")
        app = App(Settings(folder=Path(folder)), state, Upstream(place))
        app.registry.images.create("here", "MUTABLE", False)
        state.keep("tokens", "known")
        with Server(("127.0.0.1", 0), app) as server, socket.socket(socket.AF_UNIX) as behind:
            if said is not None:
                behind.bind(str(place))
                behind.listen()
                threading.Thread(target=answer_all, args=(behind, said), daemon=True).start()
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield server.server_address[1]
            server.shutdown()
        state.close()


def answer_all(behind: socket.socket, said: bytes) -> None:
    """Read a request's head, say *said*, hang up; until the socket is closed."""
    while True:
        try:
            line, _ = behind.accept()
        except OSError:
            return
        with line:
            line.recv(65536)
            line.sendall(said)


def got(port: int, method: str, path: str) -> tuple[int, bytes]:
    """Status and body of a request with a login."""
    password = tokens.make(tokens.Holder("root", "eu-central-1"), 2**40, b"known")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, headers=basic(password))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


FAULTS = {
    "nothing there": None,
    "hangs up": b"",
    "no HTTP": b"what?\r\n\r\n",
    "its own fault": f"HTTP/1.1 500 X\r\nContent-Length: {len(INNER)}\r\n\r\n{INNER}".encode(),
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", f"/v2/here/blobs/{LAYER}"), ("POST", "/v2/here/blobs/uploads/"), ("GET", "/healthz")],
)
def test_a_fault_behind_is_a_503_in_words(fault: str, method: str, path: str) -> None:
    """It says where the fault is; what the registry said stays in the log."""
    with front_over(FAULTS[fault]) as port:
        status, body = got(port, method, path)
    assert status == 503 and INNER.encode() not in body
    assert b"The registry behind the local ECR does not answer" in body


def test_half_a_layer_is_never_a_whole_one() -> None:
    """Where the registry stops in the middle, the connection ends before the length that was said."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 10
    with front_over(half) as port, pytest.raises(http.client.IncompleteRead):
        got(port, "GET", f"/v2/here/blobs/{LAYER}")


@pytest.mark.parametrize(
    "said", ["nothing", '{"errors": []}', '{"errors": [7]}', "[" * 9000, '{"errors": [{"code": "X"}]}']
)
def test_a_refusal_that_makes_no_sense_is_passed_on_without_its_words(said: str) -> None:
    """With its status, as registry v2 writes errors."""
    text = f"HTTP/1.1 404 X\r\nContent-Length: {len(said)}\r\n\r\n{said}".encode()
    with front_over(text) as port:
        status, body = got(port, "GET", f"/v2/here/blobs/{LAYER}")
    assert status == 404 and b'"code": "UNKNOWN"' in body


def test_names_of_the_registry_behind_are_turned_round() -> None:
    """Also in a location with a host, and only headers that clients need are passed on."""
    head = "HTTP/1.1 202 X\r\nContent-Length: 0\r\nServer: secret\r\nSet-Cookie: a=b\r\n"
    with front_over(f"{head}Location: http://registry/v2/elsewhere/x\r\n\r\n".encode()) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        password = tokens.make(tokens.Holder("root", "eu-central-1"), 2**40, b"known")
        connection.request("POST", "/v2/here/blobs/uploads/", headers=basic(password))
        answer = connection.getresponse()
        assert answer.headers["Location"] == "/v2/elsewhere/x"
        assert answer.headers["Server"] is None and answer.headers["Set-Cookie"] is None
        connection.close()


def test_the_tests_have_botocore_s_model_and_tokens_are_text() -> None:
    """What this file builds on."""
    assert MODEL.exists()
    password = tokens.make(tokens.Holder("root", "x"), 1, b"s")
    assert base64.b64decode(password, validate=True)
