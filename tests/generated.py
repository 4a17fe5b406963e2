"""Places in a page that a program fills, between two comments; knows nothing of what goes there."""

from __future__ import annotations

import re

from course.errors import CourseError


class PlaceError(CourseError):
    """A page lacks the place for what is generated, or has it twice."""


def put(text: str, place: str, content: str) -> str:
    """*text* with *content* between the comments that mark *place*."""
    pattern = rf"(<!-- {place}: [^>]*-->\n).*?(<!-- end of {place} -->)"
    fresh, count = re.subn(pattern, lambda found: f"{found[1]}{content}\n{found[2]}", text, flags=re.DOTALL)
    if count != 1:
        raise PlaceError(
            f"The page has {count} places for {place}, not one.",
            f"put <!-- {place}: … --> and <!-- end of {place} --> on lines of their own",
        )
    return fresh
