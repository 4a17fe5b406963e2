"""`make workshop`: open a room until Ctrl-C; it reads words and calls."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from course.errors import exit_code


def parser() -> argparse.ArgumentParser:
    """The words of `python -m room`."""
    top = argparse.ArgumentParser("python -m room", description=__doc__)
    top.add_argument("--learners", default="", help="how many, or a file with one name a line")
    top.add_argument("--port", type=int, default=8000, help="where learners come")
    top.add_argument("--host", default="", help="an address of this machine; default: all of them")
    top.add_argument(
        "--chapters", nargs="+", default=["00-start", "06-ports"], help="whose images a new disk has"
    )
    top.add_argument("--serve", nargs="+", default=[], help="what the mirror has; default: the kit")
    top.add_argument("--memory", default="2G", help="of a learner, all in all")
    top.add_argument("--cpus", type=float, default=2.0, help="of a learner")
    top.add_argument(
        "--cards", type=Path, default=Path("workshop-cards.html"), help="where new cards are written"
    )
    top.add_argument("--new-cards", action="store_true", help="new words for everybody")
    top.add_argument("--cert", default="", help="a certificate: the room then speaks HTTPS")
    top.add_argument("--key", default="", help="its key")
    top.add_argument(
        "--domain", default="", help="https://name whose subdomains lead here: an own one for each"
    )
    top.add_argument("--clear", action="store_true", help="remove every learner's disk, and end")
    top.add_argument("--stop", action="store_true", help="close the room that is open, and end")
    return top


def main() -> int:
    """Open the room, or clear it; what a person can cure is said in words."""
    options = parser().parse_args()
    from room import opening

    def asked() -> int:
        if options.stop:
            return opening.stop()
        return opening.clear() if options.clear else opening.run(opening.Wish(**_wish(options)))

    return exit_code(asked)


def _wish(options: argparse.Namespace) -> dict[str, Any]:
    words = vars(options)
    del words["clear"], words["stop"]
    return words


if __name__ == "__main__":
    raise SystemExit(main())
