"""Login cards: a name and a word for each, kept as salted hashes; printed once as a page."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

from room import state

INSTRUCTOR = "instructor"
NAME = re.compile(r"[a-z][a-z0-9]{0,19}")
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"
# Seven syllables are 43 bits; trying them through the login page would take centuries.
SYLLABLES = (3, 2, 2)
COST = {"n": 1 << 13, "r": 8, "p": 1}


@dataclass(frozen=True)
class Card:
    """What somebody logs in with."""

    name: str
    word: str


def names(wish: str) -> list[str]:
    """Learners' names: so many (`20`), or one a line from a file; refused where one can't be a name."""
    if wish.isdigit():
        if not 1 <= int(wish) <= 200:
            raise state.RoomError(f"{wish} learners are not possible.", "name a number from 1 to 200")
        return [f"learner{number:02}" for number in range(1, int(wish) + 1)]
    try:
        found = [line.strip() for line in Path(wish).read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise state.RoomError(
            f"{wish} can't be read: {error}.", "name a number, or a file of names"
        ) from None
    wrong = [name for name in found if not NAME.fullmatch(name) or name == INSTRUCTOR]
    twice = sorted({name for name in found if found.count(name) > 1})
    if wrong or twice or not found:
        fault = f"these are no names: {', '.join(wrong)}" if wrong else f"twice there: {', '.join(twice)}"
        raise state.RoomError(
            f"In {wish}, {fault if found else 'there is no name'}.",
            "one name a line: a small letter first, then small letters and digits, 20 at most",
        )
    return found


def _word() -> str:
    parts = (
        "".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(n)) for n in SYLLABLES
    )
    return "-".join(parts)


def _hash(word: str, salt: str) -> str:
    return hashlib.scrypt(word.encode(), salt=bytes.fromhex(salt), **COST).hex()


def file() -> Path:
    """The salted hashes, by name."""
    return state.home() / "cards.json"


def kept() -> dict[str, dict[str, str]]:
    """What is kept of each card; none where none was made."""
    return dict(json.loads(file().read_text())) if file().exists() else {}


def deal(wanted: Iterable[str], *, anew: bool = False) -> list[Card]:
    """Make a card for each of *wanted* that has none (*anew*: for all), and forget everybody else's."""
    known = {} if anew else kept()
    made, rows = [], {}
    for name in wanted:
        if name in known:
            rows[name] = known[name]
            continue
        card, salt = Card(name, _word()), secrets.token_hex(16)
        rows[name] = {"salt": salt, "hash": _hash(card.word, salt)}
        made.append(card)
    _write(file(), json.dumps(rows, indent=1))
    return made


def fits(rows: Mapping[str, Mapping[str, str]], name: str, word: str) -> bool:
    """Whether *word* is that of *name*'s card; an unknown name takes as long as a known one."""
    row = rows.get(name) or {"salt": "00" * 16, "hash": ""}
    clean = re.sub(r"[\s-]+", "-", word.strip().lower())
    return hmac.compare_digest(_hash(clean, row["salt"]), row["hash"])


def page(cards: Iterable[Card], address: str) -> str:
    """The cards as a page to print and cut."""
    rows = "\n".join(
        f"<section{' class=own' if card.name == INSTRUCTOR else ''}><p>{escape(address)}</p>"
        f"<dl><dt>name</dt><dd>{escape(card.name)}</dd><dt>word</dt><dd>{escape(card.word)}</dd></dl></section>"
        for card in cards
    )
    return (Path(__file__).parent / "cards.html").read_text(encoding="utf-8").replace("<!-- cards -->", rows)


def write(cards: Iterable[Card], address: str, to: Path) -> None:
    """Write the page of *cards* to *to*, for its owner alone."""
    _write(to, page(cards, address))


def _write(to: Path, text: str) -> None:
    part = to.with_name(to.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    part.replace(to)
