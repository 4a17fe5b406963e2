"""The museum's voice, as it was for years."""

VERSION = 1


def say(text):
    """Speak."""
    return f"voice {VERSION} says {text}"
