"""The Python environment: one source of pins, everything else made from it, and truly installable."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import lock
import pytest

from course import bootstrap
from course.kit import npm

pytestmark = pytest.mark.fetches

ROOT = Path(__file__).resolve().parent.parent


def plain(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_environment_yml_is_fresh() -> None:
    """What `make lock` would write is what is committed."""
    assert lock.ENVIRONMENT.read_text() == lock.environment()


def test_a_new_direct_dependency_needs_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dependency without a comment that says why it is here can't get into environment.yml."""
    monkeypatch.delitem(lock.REASONS, "tqdm")
    with pytest.raises(KeyError, match="tqdm"):
        lock.environment()


def test_the_lock_satisfies_every_range_of_pyproject() -> None:
    """Each direct dependency is pinned within the range that pyproject.toml gives."""
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["dev"]])
    pins = {pin.name: pin.version for pin in lock.pins()}
    off = [str(each) for each in wanted if not each.specifier.contains(pins[each.name])]
    assert not off
    assert len(pins) > 50


@pytest.mark.parametrize("name", lock.LOCKS)
def test_a_lock_has_hashes_and_no_address(name: str) -> None:
    """Every pin carries a hash, and no index is named."""
    text = (ROOT / name).read_text()
    blocks = re.findall(r"^\S+==.*(?:\n    .*)*", text, re.MULTILINE)
    assert len(blocks) == len(lock.pins(name)) > 50
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text


def test_a_room_runs_the_course_at_the_versions_of_the_lock() -> None:
    """What both locks hold has one version, and the groups' own packages lie within their ranges."""
    from packaging.requirements import Requirement

    both = {(pin.name, pin.marker): pin.version for pin in lock.pins()}
    room = {(pin.name, pin.marker): pin.version for pin in lock.pins("requirements-room.lock")}
    assert {key: (both[key], room[key]) for key in both.keys() & room.keys() if both[key] != room[key]} == {}
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert {f"requirements-{name}.lock" for name in groups} < set(lock.LOCKS)
    for name, wanted in groups.items():
        pins = [(pin.name, pin.version) for pin in lock.pins(f"requirements-{name}.lock")]
        for each in map(Requirement, wanted):
            versions = [version for pinned, version in pins if plain(pinned) == plain(each.name)]
            assert versions and all(map(each.specifier.contains, versions)), each


def test_what_npm_brings_is_pinned_with_hashes() -> None:
    """web/ names exact versions, every package has a hash, and no registry is named."""
    packages = list(npm.read(ROOT / "web" / npm.LOCK))
    assert len(packages) > 20 and all(package.integrity.startswith("sha512-") for package in packages)
    wanted = json.loads((ROOT / "web" / "package.json").read_text())["dependencies"]
    assert {(name, version) for name, version in wanted.items()} <= {
        (each.name, each.version) for each in packages
    }
    assert '"resolved"' not in (ROOT / "web" / npm.LOCK).read_text()


def test_this_environment_is_the_lock() -> None:
    """What is installed here is what the lock says for this platform, no version off."""
    from packaging.markers import Marker

    holds = [pin for pin in lock.pins() if not pin.marker or Marker(pin.marker).evaluate()]
    pins = {plain(pin.name): pin.version for pin in holds}
    here = {plain(each.metadata["Name"]): each.version for each in distributions()}
    off = {
        name: (version, pins[name])
        for name, version in here.items()
        if name in pins and version != pins[name]
    }
    assert not off
    assert set(here) - set(pins) <= {"containers-course", "pip", "setuptools", "wheel"}


def test_environment_yml_installs_what_the_lock_installs(tmp_path: Path) -> None:
    """A fresh environment from environment.yml's pip section holds the same packages as this one."""
    listed = re.findall(r'^      - "?([^"\n]+)"?$', lock.ENVIRONMENT.read_text(), re.MULTILINE)
    assert listed.pop() == "-e ."
    (tmp_path / "pins.txt").write_text("\n".join(listed))
    uv, fresh = str(Path(sys.executable).parent / "uv"), tmp_path / "fresh"
    env = settings()
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(fresh)], env=env, check=True)
    env["VIRTUAL_ENV"] = str(fresh)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--requirement", tmp_path / "pins.txt"], env=env, check=True
    )
    assert frozen(uv, env) == frozen(uv, env | {"VIRTUAL_ENV": sys.prefix})


def settings() -> dict[str, str]:
    """Where this machine's pip finds packages, for uv."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {**os.environ, **bootstrap.uv_environment(bootstrap.pip_settings(listing))}


def frozen(uv: str, env: dict[str, str]) -> set[str]:
    """The packages of an environment as name==version, without the course itself and installers."""
    command = [uv, "pip", "freeze", "--exclude-editable"]
    out = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    return {line for line in out.split() if not re.match(r"(pip|setuptools|wheel)==", line)}
