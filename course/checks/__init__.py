"""The words a lab's checks are written in, and judging by them; knows nothing of notebooks or sandboxes."""

from course.checks.facts import noted
from course.checks.hints import Hint, next_hint
from course.checks.judging import Judgement, Status, Verdict, judge
from course.checks.promise import Check, CheckError, Symptom, Unmet, check, in_teaching_order, symptom
from course.checks.rerun import Again, again
from course.checks.system import Ran, System
from course.checks.web import Reply

__all__ = [
    "Again",
    "Check",
    "CheckError",
    "Hint",
    "Judgement",
    "Ran",
    "Reply",
    "Status",
    "Symptom",
    "System",
    "Unmet",
    "Verdict",
    "again",
    "check",
    "in_teaching_order",
    "judge",
    "next_hint",
    "noted",
    "symptom",
]
