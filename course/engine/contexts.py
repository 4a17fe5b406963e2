"""The docker CLI's contexts, read from its own files (the Docker SDK's `from_env` ignores them)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def current() -> tuple[str, str] | None:
    """Name and endpoint of the CLI's current context, None for the default one."""
    name = named()
    for _, content in _metas():
        if name and content.get("Name") == name:
            return name, str(content["Endpoints"]["docker"]["Host"])
    return None


def named() -> str | None:
    """The context that the CLI is told to use, whether it exists or not; None for the default one."""
    return _real(os.environ.get("DOCKER_CONTEXT") or chosen())


def chosen() -> str | None:
    """The context that `docker context use` chose, whether it exists or not; None for the default one."""
    return _real(_json(_folder() / "config.json").get("currentContext"))


def written() -> dict[str, int]:
    """Every context but the default one, and when it was last written: this machine's ns since 1970."""
    return {str(content["Name"]): file.stat().st_mtime_ns for file, content in _metas() if "Name" in content}


def _metas() -> Iterator[tuple[Path, dict[str, Any]]]:
    try:
        files = sorted((_folder() / "contexts" / "meta").glob("*/meta.json"))
    except OSError:  # settings that this user may not read name no context
        return
    yield from ((file, _json(file)) for file in files)


def _real(name: object) -> str | None:
    return None if not name or name == "default" else str(name)


def _folder() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _json(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
