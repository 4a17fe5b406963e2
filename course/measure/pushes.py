"""What pushes to a registry had to send, read out of the manifests that it keeps; asks no registry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

MB = 1_000_000  # as docker's own columns count: decimal, not 1024 * 1024


def pushes(manifests: Iterable[str | Path]) -> pd.DataFrame:
    """Bytes of each image's layers (packed), in the order in which the *manifests* were pushed.

    One row per file, named by it without its ending: *layers*, *new* (how many no earlier one had), *sent_mb*
    (bytes of these), *there_mb* (bytes of the others).
    """
    import pandas as pd

    known: set[str] = set()
    rows = {}
    for file in map(Path, manifests):
        layers = {each["digest"]: int(each["size"]) for each in json.loads(file.read_text())["layers"]}
        new = layers.keys() - known
        known |= new
        sent = sum(layers[digest] for digest in new)
        rows[file.stem] = (len(layers), len(new), sent / MB, (sum(layers.values()) - sent) / MB)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["layers", "new", "sent_mb", "there_mb"])
