"""The receipt for a parcel: only who knows the word of the desk can make it."""

import hmac


def make(word, parcel):
    """The receipt for *parcel*."""
    return hmac.new(word.encode(), parcel.encode(), "sha256").hexdigest()
