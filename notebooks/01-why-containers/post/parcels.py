"""The app for parcels."""

import tariff


def answer():
    """Say what a parcel costs."""
    return f"a parcel of 900 g: {tariff.price(900, 'abroad')} cents (tariff {tariff.VERSION})"


if __name__ == "__main__":
    print(answer())
