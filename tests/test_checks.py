"""A check is refused, judged and shown as it should be, and what it looks at is read with limits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from course import engine
from course.checks import (
    Check,
    CheckError,
    Judgement,
    System,
    Unmet,
    check,
    in_teaching_order,
    judge,
    next_hint,
)

HINTS = ("I looked. {seen}", "Look there.", "`docker ps`")


@pytest.fixture
def system(tmp_path: Path) -> System:
    """The engine and an empty work folder."""
    return System(engine.client(), tmp_path)


def make(
    name: str, outcome: str | Exception | None, *, points: int = 1, needs: tuple[str, ...] = ()
) -> Check:
    """A check that sees *outcome*, or raises it."""

    def observe(_: System) -> str:
        """It holds."""
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[return-value]

    observe.__name__ = name
    return check(points=points, needs=needs, hints=HINTS)(observe)


def judged(system: System, *checks: Check) -> Judgement:
    """The judgement on *system*."""
    return judge(checks, system)


@pytest.mark.parametrize("points", [0, -1, True, 1.5])
def test_a_check_worth_nothing_is_refused(points: int) -> None:
    """Points are whole numbers from one up."""
    with pytest.raises(CheckError, match="points"):
        make("one", "seen", points=points)


@pytest.mark.parametrize("hints", [(), ("a", "b"), ("a", "b", "c", "d"), ("a", " ", "c")])
def test_a_check_without_three_hints_is_refused(hints: tuple[str, ...]) -> None:
    """Three levels, none of them empty."""
    with pytest.raises(CheckError, match="it needs three"):
        check(points=1, hints=hints)(make("one", "seen").observe)


def test_a_check_without_a_promise_is_refused() -> None:
    """The docstring is what the learner reads."""
    with pytest.raises(CheckError, match="has no docstring"):
        check(points=1, hints=HINTS)(lambda _: "seen")


@pytest.mark.parametrize("options", [{"hints": "abc"}, {"needs": "one", "hints": HINTS}])
def test_one_string_for_several_is_refused(options: dict[str, str]) -> None:
    """A forgotten comma doesn't turn a word into its letters."""
    with pytest.raises(CheckError, match="one string"):
        check(points=1, **options)(make("one", "seen").observe)


CROOKED: dict[str, tuple[dict[str, tuple[str, ...]], str]] = {
    "unknown": ({"a": ("c",)}, "no check here"),
    "later": ({"a": ("b",)}, "doesn't stand before"),
    "itself": ({"a": ("a",)}, "doesn't stand before"),
    "a circle": ({"a": ("b",), "b": ("a",)}, "doesn't stand before"),
}


@pytest.mark.parametrize(("needs", "words"), CROOKED.values(), ids=CROOKED)
def test_checks_in_no_teaching_order_are_refused(needs: dict[str, tuple[str, ...]], words: str) -> None:
    """What a check needs stands before it."""
    with pytest.raises(CheckError, match=words):
        in_teaching_order([make(name, "seen", needs=needs.get(name, ())) for name in ("a", "b")])


def test_two_checks_of_one_name_are_refused() -> None:
    """The second would hide the first."""
    with pytest.raises(CheckError, match="Two checks are named a"):
        in_teaching_order([make("a", "seen"), make("a", "seen")])


def test_each_check_ends_in_its_own_way(system: System) -> None:
    """Passed, failed, blocked through one or through several, broken: told apart, in teaching order."""
    found = judged(
        system,
        make("good", "seen", points=2),
        make("bad", Unmet("none", "there"), points=3),
        make("waits", "seen", needs=("good", "bad")),
        make("waits_longer", "seen", needs=("waits",)),
        make("broken", KeyError("Ports")),
        make("needs_good", "seen", points=4, needs=("good",)),
    )
    statuses = [(verdict.name, verdict.status, verdict.earned) for verdict in found.verdicts]
    assert statuses == [
        ("good", "pass", 2), ("bad", "fail", 0), ("waits", "blocked", 0), ("waits_longer", "blocked", 0),
        ("broken", "error", 0), ("needs_good", "pass", 4),
    ]  # fmt: skip
    assert (found.earned, found.points, found.passed) == (6, 12, False)


def test_a_blocked_check_is_not_executed(system: System) -> None:
    """Nobody looks at what can't be there."""
    looked: list[str] = []

    def look(_: System) -> str:
        """It looks."""
        looked.append("yes")
        return "seen"

    judged(system, make("bad", Unmet("a", "b")), check(points=1, needs=("bad",), hints=HINTS)(look))
    assert looked == []


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_a_check_that_tells_nothing_seen_is_broken(system: System, nothing: str | None) -> None:
    """A promise that holds is shown with its evidence."""
    assert judged(system, make("silent", nothing)).named("error") == ("silent",)


def test_an_interrupt_ends_the_judging(system: System) -> None:
    """Ctrl-C isn't a verdict."""

    def interrupted(_: System) -> str:
        """It is interrupted."""
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(system, check(points=1, hints=HINTS)(interrupted))


def test_judging_by_no_check_is_an_error(system: System) -> None:
    """A lab whose checks got lost gives no marks, neither full nor none."""
    with pytest.raises(CheckError, match="No check was executed"):
        judge((), system)


def test_a_judging_has_one_nonce_and_the_next_another(system: System) -> None:
    """All checks of a judging share the nonce; no submission can know it."""
    assert System(system.docker, system.folder).nonce != system.nonce
    assert len(system.nonce) == 16


def test_the_nonce_is_never_shown(system: System) -> None:
    """It is for the judge alone, and would make each table another one."""
    shown = repr(
        judged(system, make("a", f"saw {system.nonce}"), make("b", Unmet(system.nonce, system.nonce)))
    )
    assert system.nonce not in shown
    assert "saw (a random word)" in shown


def test_what_a_learner_named_can_do_no_harm_in_the_table(system: System) -> None:
    """Markup, colours of a terminal, line breaks and length of strings from the system are taken out."""
    evil = "<script>alert(1)</script>\x1b[31m\n\u202e" + "x" * 9000
    found = judged(system, make("bad", Unmet(evil, "there")))
    html = found._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert all(sign not in repr(found) + html for sign in ("\x1b", "\u202e"))
    assert len(repr(found)) < 1000


def test_the_table_says_each_status_in_words_and_without_colours(system: System) -> None:
    """What colour says alone, not everybody sees, nor on every page."""
    found = judged(
        system,
        make("a", "seen"),
        make("b", Unmet("x", "y")),
        make("c", "z", needs=("b",)),
        make("d", OSError()),
    )
    for shown in (found._repr_html_(), repr(found)):
        assert all(word in shown for word in ("passed", "not yet", "waits", "not judged", "1 of 4 points"))
        assert "color" not in shown


def test_commands_in_the_table_are_shown_as_code(system: System) -> None:
    """Backticks in promises and evidence become code."""
    assert "<code>docker ps</code>" in judged(system, make("a", Unmet("x", "`docker ps`")))._repr_html_()


def test_a_judgement_goes_into_json_and_back(system: System) -> None:
    """Whoever stores results gets plain values."""
    found = judged(system, make("a", "seen"), make("b", Unmet("x", "y"))).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert [found["earned"], found["points"], found["checks"][1]["status"]] == [1, 2, "fail"]


def test_hints_come_in_three_levels_for_the_first_failure(system: System) -> None:
    """First what was seen, then where to look, then the command, which stays."""
    checks = [
        make("good", "seen"),
        make("bad", Unmet("Nothing is there.", "look")),
        make("worse", Unmet("x", "y")),
    ]
    given: dict[str, int] = {}
    words = []
    for _ in range(4):
        hint = next_hint(checks, judge(checks, system), given)
        assert hint is not None
        assert hint.check == "bad"
        given[hint.check] = hint.level
        words.append(hint.words)
    assert words == ["I looked. Nothing is there.", "Look there.", "`docker ps`", "`docker ps`"]


def test_there_is_no_hint_when_nothing_failed(system: System) -> None:
    """All promises hold, so there is nothing to say."""
    checks = [make("good", "seen")]
    assert next_hint(checks, judge(checks, system), {}) is None
