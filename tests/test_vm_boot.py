"""The soak of chapter 02's machines notices a boot that fails; the soak itself is `make soak`."""

from __future__ import annotations

import pytest

from benchmarks.vm_boot import SMALL, WHOLE, faults

RIGHT = [
    {"image": SMALL, "boot": 1, "seconds": "4.10", "outcome": "served"},
    {"image": WHOLE, "boot": 1, "seconds": "110.00", "outcome": "served"},
]


def test_boots_below_their_limits_are_no_fault() -> None:
    """A minute for the small machine; the whole one has the chapter's deadline."""
    assert faults(RIGHT) == []


@pytest.mark.parametrize(
    ("number", "change", "word"),
    [
        (0, {"seconds": "60.00"}, "not below 60"),
        (1, {"seconds": "240.00"}, "not below 240"),
        (0, {"seconds": "", "outcome": "no page"}, "no page"),
    ],
)
def test_one_late_or_missing_page_is_told(number: int, change: dict[str, object], word: str) -> None:
    """A single one among many is told, by its image and number."""
    (fault,) = faults([*RIGHT * 3, RIGHT[number] | change])
    assert word in fault and str(RIGHT[number]["image"]) in fault
