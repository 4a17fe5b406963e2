"""A site that re-signs TLS is recognised by its CA; an image gets that CA only where somebody asks for it."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from kit_parts import a_ca

from course.kit import site_ca
from course.kit.site_ca import SiteCAError


class Index(BaseHTTPRequestHandler):
    """A package index that has nothing."""

    def do_HEAD(self) -> None:  # noqa: N802 - the library's own name
        """Answer that the page is not there."""
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def signed(folder: Path) -> Path:
    """A certificate for localhost with its key, signed by the CA in *folder*."""
    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key"
    request = f"openssl req {key} -subj /CN=localhost -out request"
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    sign = "openssl x509 -req -in request -CA ca.pem -CAkey ca.key -days 1 -extfile names -out certificate"
    for command in (request, sign):
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "certificate").read_text() + (folder / "key").read_text())
    return both


@pytest.fixture
def ca(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The CA that signs this machine's package index, for as long as the test lasts."""
    pem = a_ca(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Index)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"https://localhost:{server.server_port}/simple")
    monkeypatch.setenv("COURSE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("no_proxy", "localhost")
    for name in site_ca.NAMED_BY:
        monkeypatch.delenv(name, raising=False)
    yield pem
    server.shutdown()
    server.server_close()


def test_the_ca_that_signs_the_package_index_is_found(ca: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CA that the machine's settings name, and that vouches for its index, is the site's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    assert site_ca.detect() == ca


def test_it_is_found_in_a_bundle_of_public_ones_too(ca: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many sites name one file with their CA behind the public ones: theirs alone is taken out of it."""
    import certifi

    bundle = ca.with_name("bundle.pem")
    bundle.write_text(Path(certifi.where()).read_text() + ca.read_text())
    monkeypatch.setenv("PIP_CERT", str(bundle))
    found = site_ca.detect()
    assert found is not None
    assert ssl.PEM_cert_to_DER_cert(found.read_text()) == ssl.PEM_cert_to_DER_cert(ca.read_text())


def test_an_index_signed_by_nobody_we_added_is_not_re_signed(ca: Path) -> None:
    """A CA that no setting of this machine names isn't the site's, whatever it signs."""
    assert site_ca.detect() is None


def test_no_image_gets_a_ca_unless_somebody_asks(ca: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Being re-signed is not being asked: COURSE_SITE_CA says auto, or names the file."""
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    assert site_ca.chosen() is None
    monkeypatch.setenv("COURSE_SITE_CA", "auto")
    assert site_ca.chosen() == ca
    monkeypatch.setenv("COURSE_SITE_CA", str(ca))
    assert site_ca.chosen() == ca


@pytest.mark.parametrize("word", ["auto", "/nowhere/ca.pem"])
def test_a_ca_that_is_asked_for_and_not_there_is_said(
    ca: Path, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a wrong path nor a site without a CA is passed over in silence."""
    monkeypatch.setenv("COURSE_SITE_CA", word)
    with pytest.raises(SiteCAError, match="COURSE_SITE_CA"):
        site_ca.chosen()


def test_public_cas_are_not_taken_for_a_sites(ca: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image with Debian's or certifi's usual bundle inside must not be refused."""
    import certifi

    before = set(site_ca.known())
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    assert set(site_ca.known()) == before
    watch = site_ca.Watch()
    watch.see(Path(certifi.where()).read_bytes())
    assert watch.found is None


def test_a_ca_is_seen_across_the_edge_of_two_pieces(ca: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers pass by in pieces; a certificate that begins in one and ends in the next is seen."""
    monkeypatch.setenv("COURSE_SITE_CA", str(ca))
    content = b"#" * 5000 + ca.read_bytes() + b"#" * 5000
    for size in (1000, 77, 5300):
        watch = site_ca.Watch()
        for at in range(0, len(content), size):
            watch.see(content[at : at + size])
        assert watch.found == ca
