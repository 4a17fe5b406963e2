"""The CA of a site that re-signs TLS: find it, choose it, and see to it that no published image holds it."""

from __future__ import annotations

import base64
import os
import re
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from course import places
from course.errors import CourseError

ASK_SECONDS = 5.0
DAY_SECONDS = 86400.0
# Where Debian and Ubuntu, and Fedora and its kin, keep the CAs that a machine's owner has added.
ADDED = (Path("/usr/local/share/ca-certificates"), Path("/etc/pki/ca-trust/source/anchors"))
NAMED_BY = ("COURSE_SITE_CA", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
PUBLIC = Path("/usr/share/ca-certificates")
# A bundle with more than this left, once today's public CAs are taken out, only lists older public ones.
MOST_OWN = 20
PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
LINE = 48  # bytes of a certificate in one line of a PEM file


class SiteCAError(CourseError):
    """A site's CA was asked for and can't be had, or is where it must not be."""


def chosen() -> Path | None:
    """The CA that this person wants in images built here: COURSE_SITE_CA, a path or "auto"; unset is none."""
    wanted = os.environ.get("COURSE_SITE_CA", "")
    if not wanted:
        return None
    if wanted != "auto":
        if not _certificates(Path(wanted)):
            raise SiteCAError(
                f"COURSE_SITE_CA names {wanted}, where no PEM certificate is.", "name the CA's PEM file"
            )
        return Path(wanted)
    found = _detected_today()
    if found is None:
        raise SiteCAError(
            "COURSE_SITE_CA is auto, but this machine knows no CA of its site that signs its package index.",
            "unset COURSE_SITE_CA, or give it the path of the CA's PEM file",
        )
    return found


def _detected_today() -> Path | None:
    """What `detect` finds, which takes seconds, asked once a day."""
    kept = places.state() / "site-ca.txt"
    if kept.exists() and time.time() - kept.stat().st_mtime < DAY_SECONDS:
        file = Path(kept.read_text())
        if _certificates(file):
            return file
    found = detect()
    if found:
        kept.write_text(str(found))
    return found


def detect() -> Path | None:
    """The file of the CA with which this site re-signs TLS, None where it doesn't.

    It re-signs if the package index is trusted on the word of a CA alone that was added to this machine.
    """
    address = package_index()
    if not address.startswith("https://"):
        return None
    for certificate, file in known().items():
        if _vouches(certificate, address):
            return file if len(_certificates(file)) == 1 else _alone(certificate)
    return None


def package_index() -> str:
    """The address of this machine's pip index: from pip's own settings, else pip's default."""
    pip = [sys.executable, "-m", "pip"]
    listing = subprocess.run([*pip, "config", "list"], capture_output=True, text=True).stdout
    # pip lists files first and the environment last, which is also how it weighs them
    settings: list[str] = re.findall(r"\.index-url='([^']+)'", listing)
    if settings:
        return settings[-1]
    usage = "".join(
        subprocess.run([*pip, "download", "--help"], capture_output=True, text=True).stdout.split()
    )
    default = re.search(r"\(default(https?://[^)]+)\)", usage)
    return default[1] if default else ""


def _vouches(certificate: bytes, address: str) -> bool:
    """Whether *address* is trusted by one who trusts *certificate* only."""
    context = ssl.create_default_context(cadata=certificate)
    # A site's CA is often an intermediate one, and seldom to the letter of the standard.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
    try:
        opener.open(urllib.request.Request(address, method="HEAD"), timeout=ASK_SECONDS).close()
    except urllib.error.HTTPError:
        return True  # it refused, but over a connection that was trusted
    except OSError:
        return False
    return True


def _alone(certificate: bytes) -> Path:
    """One certificate out of a bundle, in a file of its own: what else is in the bundle wasn't asked for."""
    file = places.state() / "site-ca.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(certificate))
    return file


def known() -> dict[bytes, Path]:
    """The site's CAs that this machine knows: each certificate (DER), and the file it stands in."""
    added = [file for folder in ADDED for file in sorted(folder.rglob("*"))]
    found = {certificate: file for file in added for certificate in _certificates(file)}
    for file in _named():
        own = [certificate for certificate in _certificates(file) if certificate not in _public()]
        if len(own) <= MOST_OWN:
            found = dict.fromkeys(own, file) | found
    return found


def _named() -> Iterator[Path]:
    yield from (Path(os.environ[name]) for name in NAMED_BY if os.environ.get(name))


@cache
def _public() -> frozenset[bytes]:
    import certifi

    bundles = [Path(certifi.where()), *PUBLIC.rglob("*.crt")]
    return frozenset(certificate for file in bundles for certificate in _certificates(file))


def _certificates(file: Path) -> tuple[bytes, ...]:
    """The certificates (DER) in a PEM file; none where there is no such file."""
    if not file.is_file():
        return ()
    blocks = PEM.findall(file.read_text(errors="replace"))
    return tuple(ssl.PEM_cert_to_DER_cert(block) for block in blocks)


class Watch:
    """Looks for the site's CAs in bytes that pass by, as DER or PEM, whatever file they are in."""

    def __init__(self) -> None:
        self._needles: dict[bytes, Path] = {}
        for certificate, file in known().items():
            # The last whole line lies in the signature, which no two certificates share.
            start = (len(certificate) // LINE - 1) * LINE
            line = certificate[start : start + LINE]
            self._needles |= {line: file, base64.b64encode(line): file}
        self._before = b""
        self.found: Path | None = None

    def see(self, chunk: bytes) -> None:
        """Look at the next bytes; *found* then names the file of a CA that they hold."""
        text = self._before + chunk
        for needle, file in self._needles.items():
            if needle in text:
                self.found = file
        self._before = text[-2 * LINE :]
