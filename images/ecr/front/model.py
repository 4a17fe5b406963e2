"""ECR's own description of its requests (as botocore ships it), and checking a request against it."""

from __future__ import annotations

import gzip
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from front.refusal import Refusal, invalid

FILE = Path(os.environ.get("ECR_MODEL") or Path(__file__).with_name("service-2.json.gz"))
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "long": int, "boolean": bool, "list": list, "structure": dict, "map": dict,
    "timestamp": (int, float), "double": (int, float), "float": (int, float), "blob": str,
}  # fmt: skip


@cache
def load() -> dict[str, Any]:
    """The whole description."""
    found: dict[str, Any] = json.loads(gzip.decompress(FILE.read_bytes()))
    return found


def parse(raw: bytes) -> dict[str, Any]:
    """A JSON object; anything else is refused as AWS does."""
    try:
        found = json.loads(raw, parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        raise Refusal("SerializationException", "The request is not JSON.") from None
    if not isinstance(found, dict):
        raise Refusal("SerializationException", "The request is not a JSON object.")
    return found


def check(operation: str, parameters: dict[str, Any]) -> None:
    """Raise where *parameters* aren't what *operation* takes."""
    described = load()
    if "input" in described["operations"][operation]:
        shapes = described["shapes"]
        _check(shapes, described["operations"][operation]["input"]["shape"], parameters, "")


def _check(shapes: dict[str, Any], name: str, value: object, at: str) -> None:
    shape = shapes[name]
    kind = KINDS[shape["type"]]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Refusal("SerializationException", f"The value at '{at}' is not of type {shape['type']}.")
    if isinstance(value, str):
        _check_text(shape, value, at)
    elif isinstance(value, list):
        _check_range(shape, len(value), at, "length")
        for number, item in enumerate(value, 1):
            _check(shapes, shape["member"]["shape"], item, f"{at}.{number}.member")
    elif isinstance(value, dict) and shape["type"] == "structure":
        _check_structure(shapes, shape, value, at)
    elif isinstance(value, int | float):
        _check_range(shape, value, at, "value")


def _check_structure(shapes: dict[str, Any], shape: dict[str, Any], value: dict[str, Any], at: str) -> None:
    for name, member in shape["members"].items():
        place = f"{at}.{name}" if at else name
        if value.get(name) is None:
            if name in shape.get("required", ()):
                raise invalid(place, "must not be null")
            continue
        _check(shapes, member["shape"], value[name], place)


def _check_text(shape: dict[str, Any], value: str, at: str) -> None:
    _check_range(shape, len(value), at, "length")
    pattern = shape.get("pattern")
    if pattern and not re.fullmatch(pattern, value, re.ASCII):
        raise invalid(at, f"must satisfy regular expression '{pattern}'")
    if "enum" in shape and value not in shape["enum"]:
        raise invalid(at, f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]")


def _check_range(shape: dict[str, Any], number: float, at: str, what: str) -> None:
    if "min" in shape and number < shape["min"]:
        raise invalid(at, f"Member must have {what} greater than or equal to {shape['min']}")
    if "max" in shape and number > shape["max"]:
        raise invalid(at, f"Member must have {what} less than or equal to {shape['max']}")


def _no_constant(name: str) -> object:
    raise ValueError(name)
