"""What the post asks for (cents)."""

VERSION = 1


def price(grams):
    """For a letter of so many grams."""
    return 95 + grams // 50 * 60
