"""What the environment says about this registry; nothing else is configurable."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A course's own key, for a registry on this machine. It opens nothing anywhere else.
DEFAULT_KEY = "AKIACOURSELOCALADMIN"
DEFAULT_SECRET = "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"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class SettingsError(Exception):
    """A variable of the environment that can't be meant."""


@dataclass(frozen=True)
class Settings:
    """The account, its first key, where things lie, and how far the server's clock is ahead."""

    account: str = "123456789012"
    key: str = DEFAULT_KEY
    secret: str = DEFAULT_SECRET
    folder: Path = Path("/var/lib/ecr")
    host: str = ""  # empty: what the client's request says
    port: int = 5000
    shift: int | None = None

    @property
    def is_default_key(self) -> bool:
        """Whether anybody who read the course knows the secret."""
        return self.secret == DEFAULT_SECRET


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that *environment* names, each checked."""
    words = {"account": r"\d{12}", "key": r"[A-Z0-9]{16,128}", "secret": r"[A-Za-z0-9/+=]{16,128}"}
    words |= {"folder": r"/.*", "host": r"[a-z0-9.-]+(:\d+)?", "port": r"\d{1,5}", "shift": r".*"}
    names = {"account": "ECR_ACCOUNT_ID", "key": "ECR_ADMIN_ACCESS_KEY_ID"}
    names |= {"secret": "ECR_ADMIN_SECRET_ACCESS_KEY", "shift": "ECR_CLOCK_SHIFT"}
    found: dict[str, str] = {}
    for field, pattern in words.items():
        name = names.get(field, f"ECR_{field.upper()}")
        if value := environment.get(name, ""):
            if not re.fullmatch(pattern, value, re.ASCII):
                raise SettingsError(f"{name} doesn't have the form {pattern}")
            found[field] = value
    kinds: dict[str, Callable[[str], Any]] = {"folder": Path, "port": int, "shift": seconds}
    return Settings(**{field: kinds.get(field, str)(value) for field, value in found.items()})


def seconds(text: str) -> int:
    """The seconds that +13h, -30m, 2d or 45s mean."""
    match = re.fullmatch(r"([+-]?)(\d{1,6})([smhd]?)", text.strip(), re.ASCII)
    if match is None:
        raise SettingsError(f"{text!r} is no time span: write it like +13h, 2d, 90m or 0")
    return int(match[1] + match[2]) * UNITS[match[3] or "s"]
