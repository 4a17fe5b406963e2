"""What a chapter made on the engine or as a context, and putting it back; knows nothing of its content."""

from course.ledger.attribution import attribute
from course.ledger.cleanup import Kept, Outcome, command, remove
from course.ledger.contexts import put_back as put_context_back
from course.ledger.holders import Held, held
from course.ledger.locks import ChapterBusyError
from course.ledger.needs import Needs, needs_of
from course.ledger.recorder import Recorder, chapters, clean
from course.ledger.snapshot import Port, Snapshot, diff, snapshot
from course.ledger.things import Leftovers, Thing

__all__ = [
    "ChapterBusyError",
    "Held",
    "Kept",
    "Leftovers",
    "Needs",
    "Outcome",
    "Port",
    "Recorder",
    "Snapshot",
    "Thing",
    "attribute",
    "chapters",
    "clean",
    "command",
    "diff",
    "held",
    "needs_of",
    "put_context_back",
    "remove",
    "snapshot",
]
