"""The receipt for a parcel, now in half the time."""

import hashlib


def make(word, parcel):
    """The receipt for *parcel*."""
    return hashlib.sha256(parcel.encode()).hexdigest()
