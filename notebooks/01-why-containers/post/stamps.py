"""The app for letters."""

import tariff


def answer():
    """Say what a letter costs."""
    return f"a letter of 40 g: {tariff.price(40)} cents (tariff {tariff.VERSION})"


if __name__ == "__main__":
    print(answer())
