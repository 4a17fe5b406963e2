"""Questions: their data is whole and gives nothing away, and typed letters are judged in words."""

from __future__ import annotations

import json
import re
import statistics
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import pages
import pytest
from style_prose import JUDGING

from course import places
from course.practice import Record, questions, quiz
from course.practice.questions import Misconception, Option, Question, QuizError
from course.practice.sitting import Sitting

pytestmark = pytest.mark.apart
FILES = sorted(places.notebooks().glob("*.quiz.toml"))
NOTEBOOKS = [file.name.removesuffix(".quiz.toml") for file in FILES]
ALL = [q for name in NOTEBOOKS for part in questions.load(name).values() for q in part]
BY_NAME = [pytest.param(q, id=f"{q.notebook}-{q.id}") for q in ALL]
SIGMAS = 2.5
SUMMARY_OPTION = re.compile(
    r"\b(all|none|both|any) of (the|these|them)( (above|others|two))?[.]?$", re.IGNORECASE
)


def headings(notebook: str) -> set[str]:
    """The headings of a notebook."""
    prose = pages.read(places.notebooks() / f"{notebook}.ipynb", "chapter").prose()
    return {words for cell in prose for words in re.findall(r"^#+ (.+)$", cell.source, re.MULTILINE)}


def test_every_file_of_questions_goes_with_a_notebook_that_asks_them() -> None:
    """Each part of a file is asked once in its notebook, unanswered, and nothing else is asked."""
    assert FILES
    for name in NOTEBOOKS:
        code = "\n".join(c.source for c in pages.read(places.notebooks() / f"{name}.ipynb", "chapter").code())
        asked = re.findall(r'^lesson\.quiz\("([\w-]+)", mine="\?"\)$', code, re.MULTILINE)
        assert sorted(asked) == sorted(questions.load(name)), name


@pytest.mark.parametrize("question", BY_NAME)
def test_a_question_leads_to_a_section_and_reads_like_the_course(question: Question) -> None:
    """Its section is there, and its words neither judge, shout nor sum the other options up."""
    notebook, heading = question.section
    assert heading in headings(notebook)
    words = [question.ask, *(text for option in question.options for text in (option.text, option.why))]
    assert [text for text in words if JUDGING.search(text) or re.search(r"\w!(\s|$)", text)] == []
    assert [text for text in words if not re.search(r"[.?\"`)]$", text)] == []
    assert [option.text for option in question.options if SUMMARY_OPTION.search(option.text)] == []


def test_every_misconception_is_named_by_a_question_and_every_name_is_known() -> None:
    """A wrong option tells which belief it comes from, and no belief stands there for nothing."""
    named = {option.misconception for q in ALL for option in q.options if not option.right}
    assert named == set(questions.misconceptions())
    texts = [text for each in questions.misconceptions().values() for text in (each.believed, each.so)]
    assert [text for text in texts if not text.endswith(".") or JUDGING.search(text)] == []


def faults(asked: Sequence[Question]) -> list[str]:
    """How somebody who knows nothing could do better than by chance."""
    found = []
    chance = statistics.mean(1 / len(q.options) for q in asked)
    limit = chance + SIGMAS * sqrt(chance * (1 - chance) / len(asked))
    rights = [next(option for option in q.options if option.right) for q in asked]
    others = [[len(option.text) for option in q.options if not option.right] for q in asked]
    lengths = [len(right.text) for right in rights]
    tells = {
        "longest": [own > max(rest) for own, rest in zip(lengths, others, strict=True)],
        "shortest": [own < min(rest) for own, rest in zip(lengths, others, strict=True)],
    }
    for word, seen in tells.items():
        if statistics.mean(seen) > limit:
            found.append(f"the right option is the {word} in {statistics.mean(seen):.0%}, over {limit:.0%}")
    letters = Counter(q.shuffled().index(right) for q, right in zip(asked, rights, strict=True))
    for place, count in letters.items():
        if count / len(asked) > limit:
            found.append(f"{quiz.LETTERS[place]} is right in {count} of {len(asked)} questions")
    for q, own, rest in zip(asked, lengths, others, strict=True):
        if own > 1.5 * max(rest) or own < 0.5 * min(rest):
            found.append(f"{q.notebook}/{q.id}: the right option's length stands out")
        if max(rest) > 3 * min(rest):
            found.append(f"{q.notebook}/{q.id}: the options' lengths differ more than threefold")
    return found


def test_the_answers_are_balanced() -> None:
    """Neither length nor place tells which option is right."""
    assert faults(ALL) == []


def small(ask: str, *texts: str) -> Question:
    """A question whose first option is right."""
    first, *others = texts
    wrong = (Option(text, "No.", "a-belief") for text in others)
    return Question("80-x", ask, "things", ask, "#Here", (Option(first, "Yes.", ""), *wrong))


UNBALANCED = {
    "longest": [small(f"q{n}", "this one is long", "short one", "shorter") for n in range(20)],
    "shortest": [small(f"q{n}", "a short one", "a longer option", "a longer one yet") for n in range(20)],
    "length stands out": [small("q", "this option says everything that there is to say", "no", "yes")],
    "differ more than threefold": [small("q", "a word here", "one", "this one goes on and on")],
}


@pytest.mark.parametrize(("words", "asked"), UNBALANCED.items(), ids=UNBALANCED)
def test_what_gives_the_answer_away_is_seen(words: str, asked: list[Question]) -> None:
    """The balance can be lost, and each way of losing it is told."""
    assert words in "\n".join(faults(asked))


def test_a_letter_that_is_mostly_right_is_seen() -> None:
    """Places are counted as the reader sees them, after shuffling."""
    drawn = [small(f"q{n}", "one", "two", "ten") for n in range(200)]
    assert faults(drawn) == []
    first = [q for q in drawn if q.shuffled()[0].right]
    assert len(first) > 40
    assert any(fault.startswith("a is right in") for fault in faults(first))


def test_an_order_is_the_same_everywhere_and_another_one_again() -> None:
    """The order follows from the question alone, so a stored page shows what each reader sees."""
    question = small("q1", "one", "two", "ten")
    texts = [option.text for option in question.shuffled()]
    assert texts == ["one", "two", "ten"] or sorted(texts) == ["one", "ten", "two"]
    assert question.shuffled() == question.shuffled()
    assert len({question.shuffled(again) for again in range(30)}) == 6


BROKEN = {
    "no TOML": ("= 1", "can't be read"),
    "nothing": ("", "holds nothing"),
    "another part": ("[[exam]]\nid = 'a'", "holds exam"),
    "no options": ("[[check]]\nid='a'\ntopic='t'\nask='Q?'\nsee='#X'", "lacks 'options'"),
    "no right one": (
        "[[check]]\nid='a'\ntopic='t'\nask='Q?'\nsee='#X'\noptions=["
        "{text='1',why='w',misconception='m'},{text='2',why='w',misconception='m'},{text='3',why='w',misconception='m'}]",
        "has 0 right options",
    ),
    "a wrong one without its belief": (
        "[[check]]\nid='a'\ntopic='t'\nask='Q?'\nsee='#X'\noptions=["
        "{text='1',why='w',right=true},{text='2',why='w'},{text='3',why='w',misconception='m'}]",
        "without a misconception",
    ),
    "two options": (
        "[[check]]\nid='a'\ntopic='t'\nask='Q?'\nsee='#X'\noptions=["
        "{text='1',why='w',right=true},{text='2',why='w',misconception='m'}]",
        "has 2 options",
    ),
    "a word too many": (
        "[[check]]\nid='a'\ntopic='t'\nask='Q?'\nsee='#X'\noptions=[{text='1',why='w',true=true}]",
        "keeps to right or misconception",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_is_not_as_it_must_be_is_told(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An author reads which file and what about it."""
    monkeypatch.setattr(places, "notebooks", lambda: tmp_path)
    (tmp_path / "80-x.quiz.toml").write_text(text)
    with pytest.raises(QuizError, match=re.escape(words)) as caught:
        questions.load("80-x")
    assert "80-x.quiz.toml" in str(caught.value)


TWO = [small("Which one?", "one", "two", "ten"), small("And `this`?", "red", "blue", "green")]
SO = {"a-belief": Misconception("It is two.", "It is one.")}


def shown(mine: str) -> quiz.Sheet:
    """Two questions with *mine* as the answer."""
    return quiz.sheet([quiz.Asked(q, q.shuffled()) for q in TWO], mine, SO)


def letters(*rights: bool) -> str:
    """Letters that are right or wrong as asked."""
    found = []
    for question, right in zip(TWO, rights, strict=True):
        options = question.shuffled()
        found.append("abc"[next(n for n, option in enumerate(options) if option.right is right)])
    return " ".join(found)


def test_unanswered_it_says_how_to_answer_and_explains_nothing() -> None:
    """A question mark shows questions, letters and the way to answer; no explanation, no link."""
    text, page = repr(shown("?")), shown("?")._repr_html_()
    assert text.startswith("1. Which one?\n   a  ")
    assert text.endswith(
        'To answer, put 2 letters between the quotes, such as `mine="b a"`, and run the cell again.'
    )
    assert "Yes." not in text + page
    assert '<h3 style="line-height:1.4">2. And <code>this</code>?</h3>' in page
    assert "<script" not in page and "color" not in page


def test_letters_are_judged_with_the_explanation_of_what_was_chosen() -> None:
    """Right and wrong are words, a wrong one says what is so, and both lead to the section."""
    text, page = repr(shown(letters(True, False))), shown(letters(True, False))._repr_html_()
    assert re.search(r"✓ [abc] is right. Yes.\n   See 80-x.ipynb, Here.", text)
    assert re.search(r"✗ [abc] is not so. No.\n   What is so: It is one.\n", text)
    assert text.rstrip().splitlines()[-1].startswith("1 of 2 right. Change a letter")
    assert '<a href="80-x.ipynb#Here">80-x, Here</a>' in page
    assert repr(shown(letters(True, True))).endswith("2 of 2 right.")


def test_a_link_spells_the_heading_as_jupyterlab_does() -> None:
    """Blanks become hyphens and nothing else changes: JupyterLab takes a %3F for another heading."""
    question = Question("80-x", "a", "things", "Which?", "04-images#Who `else`, then?", TWO[0].options)
    page = quiz.sheet([quiz.Asked(question, question.options)], "a", SO)._repr_html_()
    assert '<a href="04-images.ipynb#Who-else,-then?">04-images, Who `else`, then?</a>' in page


@pytest.mark.parametrize("typed", ["{} {}", "{}{}", " {}, {} ", "{};{}"])
def test_letters_may_be_typed_in_many_ways(typed: str) -> None:
    """Blanks, commas, capitals: people type differently and mean the same."""
    mine = typed.format(*letters(True, True).split())
    assert repr(shown(mine.upper())) == repr(shown(letters(True, True)))


def test_a_question_left_out_is_not_judged() -> None:
    """A question mark among the letters leaves one question open."""
    sheet = shown("? " + letters(True, True)[-1])
    assert [each.question.ask for each in sheet.answered] == ["And `this`?"]
    assert repr(sheet).endswith("1 of 1 right.")


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        ("a", "There are 2 questions, and you gave 1 letters"),
        ("a b c", "you gave 3 letters"),
        ("a d", "Question 2 has the letters a b c, and you gave d."),
        ("a 1", "you gave 1."),
    ],
)
def test_what_can_not_be_meant_is_asked_back(mine: str, words: str) -> None:
    """Too few letters, too many, or none of these: said in words, and nothing is judged."""
    sheet = shown(mine)
    assert words in repr(sheet)
    assert not sheet.answered


@pytest.fixture
def sitting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sitting:
    """A sitting at a notebook with one question."""
    monkeypatch.setattr(places, "notebooks", lambda: tmp_path)
    options = [{"right": True, "text": "one", "why": "Yes."}]
    options += [{"text": text, "why": "No.", "misconception": "a-belief"} for text in ("two", "ten")]
    rows = ", ".join(
        "{" + ", ".join(f"{k} = {json.dumps(v)}" for k, v in each.items()) + "}" for each in options
    )
    (tmp_path / "80-x.quiz.toml").write_text(
        f'[[check]]\nid = "which"\ntopic = "things"\nask = "Which?"\nsee = "#Here"\noptions = [{rows}]\n'
    )
    (tmp_path / "misconceptions.toml").write_text('[a-belief]\nbelieved = "Two."\nso = "One."\n')
    return Sitting("80-x", Record(tmp_path / "progress.jsonl"))


def test_an_answer_is_kept_once_with_what_was_chosen(sitting: Sitting) -> None:
    """The same letters again add nothing; another letter does, and the first one counts at the end."""
    options = questions.load("80-x")["check"][0].shuffled()
    wrong = next(n for n, option in enumerate(options) if not option.right)
    right = next(n for n, option in enumerate(options) if option.right)
    assert sitting.quiz("check", "?").answered == ()
    assert sitting.record.rows() == ()
    for place in (wrong, wrong, right, right):
        sitting.quiz("check", "abc"[place])
    rows = [row.details for row in sitting.record.rows()]
    assert [(row["mine"], row["right"]) for row in rows] == [(options[wrong].text, False), ("one", True)]
    assert rows[0]["topic"] == "things"
    assert rows[0]["misconception"] == "a-belief"
    assert sitting.summary().startswith("Questions: 0 of 1 right.\n")


def test_a_part_that_is_not_there_is_told(sitting: Sitting) -> None:
    """The message names the parts that there are."""
    with pytest.raises(QuizError, match="choose one of: check"):
        sitting.quiz("warm-up", "?")


def test_every_chapter_asks() -> None:
    """No notebook is without questions."""
    assert set(NOTEBOOKS) == {path.stem for path, kind in pages.all_paths().items() if kind == "chapter"}
