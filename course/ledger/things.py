"""The words that the ledger's modules share: a thing on the engine or of its client, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["container", "network", "volume", "image", "context"]


@dataclass(frozen=True)
class Thing:
    """Something on the engine: its *kind*, exact *id* and *name*, which an image without reference lacks.

    A volume's ID is its name. An image with three references is three things. A context is the docker CLI's
    and on no engine; its ID is when it was written, in ns.
    """

    kind: Kind
    id: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name or self.id.removeprefix('sha256:')[:12]}"


@dataclass(frozen=True)
class Leftovers:
    """What is still there of all that was made since the chapter began.

    *ours* is the chapter's; *strangers* are not, and are never removed; *missing* says which images of the
    start are no longer as they were, and how to bring each back.
    """

    ours: tuple[Thing, ...] = ()
    strangers: tuple[Thing, ...] = ()
    missing: tuple[str, ...] = ()
