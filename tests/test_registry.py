"""A registry that wants a token, as Docker Hub does, is read without a login; its refusals come in words."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from course.kit.hub import Hub
from course.kit.registry import LIMIT, Registry, RegistryError, Unreachable, split

DIGEST = "sha256:" + "0" * 64


class HubLike(BaseHTTPRequestHandler):
    """Answers as Docker Hub does: a token for whoever asks, no repository without one, a limit for some."""

    def do_GET(self) -> None:  # noqa: N802 - the library's own name
        """A token, or what HEAD says."""
        address = urlsplit(self.path)
        if address.path != "/token":
            return self.do_HEAD()
        scope = parse_qs(address.query)["scope"][0]
        self._answer(200, body=f'{{"token": "for {scope}"}}')
        return None

    def do_HEAD(self) -> None:  # noqa: N802 - the library's own name
        """What there is of a manifest."""
        repository = self.path.removeprefix("/v2/").rsplit("/manifests/", 1)[0]
        scope = f"repository:{repository}:pull"
        if self.headers.get("Authorization") != f"Bearer for {scope}" or "secret" in repository:
            realm = f"http://{self.headers['Host']}/token"
            self._answer(401, **{"WWW-Authenticate": f'Bearer realm="{realm}",service="hub",scope="{scope}"'})
        elif "busy" in repository:
            self._answer(429)
        else:
            self._answer(200, **{"Docker-Content-Digest": DIGEST})

    def _answer(self, code: int, body: str = "", **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub_like() -> Iterator[Registry]:
    """A registry in Docker Hub's manner."""
    server = HTTPServer(("127.0.0.1", 0), HubLike)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Registry(f"127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def test_an_anonymous_token_is_fetched_where_one_is_wanted(hub_like: Registry) -> None:
    """The registry answers 401 and says where a token is to be had; with it the digest comes."""
    hub_like.ping()
    assert hub_like.digest(*split("nginx:1.26")) == DIGEST


def test_what_even_a_token_does_not_open_is_missing_or_private(hub_like: Registry) -> None:
    """Docker Hub doesn't tell which; neither do we."""
    with pytest.raises(RegistryError, match="it has no image secret/thing, or a private one"):
        hub_like.digest(*split("secret/thing:1"))


def test_a_used_up_limit_is_called_that(hub_like: Registry) -> None:
    """A classroom behind one address meets it; the message names the way round."""
    with pytest.raises(RegistryError) as refused:
        hub_like.digest(*split("busy:1"))
    assert str(refused.value) == LIMIT


def test_something_else_at_the_address_is_no_registry(hub_like: Registry) -> None:
    """A web server that knows no /v2/ isn't taken for a mirror."""

    class Elsewhere(HubLike):
        def do_GET(self) -> None:
            """Nothing is here."""
            self._answer(404)

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(Unreachable, match="no registry answers there"):
        Registry(f"127.0.0.1:{server.server_port}").ping()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("localhost:5055", "http://localhost:5055"),
        ("127.0.0.1:5055", "http://127.0.0.1:5055"),
        ("hub.example:5000", "https://hub.example:5000"),
    ],
)
def test_only_loopback_is_spoken_to_without_tls(address: str, url: str) -> None:
    """As the engine does: plain HTTP for this machine itself, TLS for every other."""
    assert Hub(address).registry.url == url
