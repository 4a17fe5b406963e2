"""What the post asks for (cents)."""

VERSION = 2
BASE = {"home": 95, "abroad": 165}


def price(grams, where):
    """For a letter or parcel of so many grams, at home or abroad."""
    return BASE[where] + grams // 50 * 60
