"""Practice: questions, puzzles, predictions, what comes back when, and how far one is; runs no chapter."""

from course.practice.progress import Progress, read, reset
from course.practice.puzzles import Mine, Page
from course.practice.quiz import Sheet
from course.practice.record import Record, own
from course.practice.review import Nothing
from course.practice.sitting import Sitting

__all__ = ["Mine", "Nothing", "Page", "Progress", "Record", "Sheet", "Sitting", "own", "read", "reset"]
