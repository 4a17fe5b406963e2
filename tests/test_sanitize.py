"""What tests/sanitize.cfg hides from the comparison is what must differ, and never a wrong answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pages
import pytest
from nbval.plugin import IPyNbCell, get_sanitize_patterns  # type: ignore[import-untyped]

FILE = pages.ROOT / "tests" / "sanitize.cfg"
TEXT = FILE.read_text(encoding="utf-8")
RULES: dict[str, str] = dict(get_sanitize_patterns(TEXT))

A, B = "0123456789abcdef" * 4, "fedcba9876543210" * 4

# For each rule, known by what it writes: two outputs that differ by engine, release or run alone …
EQUAL: dict[str, tuple[str, ...]] = {
    "DIGEST": (f"nginx@sha256:{A}", f"nginx@sha256:{B}"),
    "ID": (f"{A}\nhello", f"{B}\nhello"),
    r"curl: (7) Failed to connect to \1 port \2": (
        "curl: (7) Failed to connect to localhost port 8083 after 0 ms: Couldn't connect to server",
        "curl: (7) Failed to connect to localhost port 8083: Connection refused",
        "curl: (7) Failed to connect to localhost:8083 after 0 ms: Could not connect to server",
    ),
    r"\1 (ADDRESS):": (
        "wget: can't connect to remote host (172.22.0.1): Connection refused",
        "wget: can't connect to remote host (192.168.16.1): Connection refused",
    ),
}
# … and pairs of a right and a wrong one, of which the wrong one must be seen.
DIFFERENT = {
    "DIGEST": [
        (f"nginx@sha256:{A}", f"redis@sha256:{A}"),
        (f"sha256:{A}", f"md5:{A}"),
        (f"sha256:{A}", f"sha256:{A[:12]}"),
        (f"sha256:{A}", "sha256:"),
    ],
    "ID": [
        (f"{A}\n", f"{A}\n{B}\n"),
        (A, A[:12]),
        (A, f"{A}0"),
        (A, "docker: not found"),
        (f"{A}\n8081", f"{A}\n8082"),
    ],
    r"curl: (7) Failed to connect to \1 port \2": [
        (
            "curl: (7) Failed to connect to localhost port 8083 after 0 ms: Couldn't connect to server",
            f"curl: ({code}) Failed to connect to {host} port {port} after 0 ms: Couldn't connect to server",
        )
        for code, host, port in [
            (7, "localhost", 8084), (7, "localhost", 808), (7, "localhost", 80830), (7, "web", 8083),
            (28, "localhost", 8083),
        ]
    ] + [
        ("curl: (7) Failed to connect to localhost port 8083 after 0 ms: x\n[exit code 7]",
         "curl: (7) Failed to connect to localhost port 8083 after 0 ms: x\n[exit code 6]"),
        ("curl: (7) Failed to connect to localhost port 80", "curl: (52) Empty reply from server"),
        ("curl: (7) Failed to connect to localhost port 80", "curl: (7) Failed to connect to localhost:8080"),
        ("curl: (7) Failed to connect to localhost port 80", "curl: (7) Failed to connect to web:80 x"),
    ],
    r"\1 (ADDRESS):": [
        ("wget: can't connect to remote host (172.22.0.1): Connection refused",
         "wget: can't connect to remote host (172.22.0.1): Connection timed out"),
        ("wget: can't connect to remote host (172.22.0.1): Connection refused",
         "wget: server returned error: HTTP/1.1 404 Not Found"),
        ("wget: can't connect to remote host (172.22.0.1): Connection refused", "wget: bad address 'web'"),
    ],
}  # fmt: skip

# Wrong answers of every kind that a chapter can give; no rule may hide one.
WRONG = {
    "a port": ("127.0.0.1:8081->80/tcp", "127.0.0.1:8082->80/tcp"),
    "an address": ("0.0.0.0:8082", "127.0.0.1:8082"),
    "a container's address": ("172.17.0.2 answers", "172.17.0.3 answers"),
    "a count": ("3 layers", "4 layers"),
    "a name": ("container web", "container db"),
    "a tag": ("nginx:1.26", "nginx:1.27"),
    "an exit code": ("[exit code 125]", "[exit code 126]"),
    "a state": ("late: created", "late: running"),
    "an answer": ("version 1", "version 2"),
    "a size": ("52.4MB", "5.24MB"),
    "a zero": ("0B", "1B"),
    "a duration": ("took 0.3 s", "took 3 s"),
    "a date": ("2026-11-24", "2025-11-24"),
    "a short id": ("0123456789ab", "ba9876543210"),
    "a number of 64 digits' neighbour": ("6" * 63, "7" * 63),
    "a line more": ("one\n", "one\none\n"),
    "an empty answer": ("hello", ""),
}

# What each rule may take away, said a second time and apart from the rule itself.
FREE = {
    "a digest": rf"(?P<free>sha256:[0-9a-f]{{{64}}})",
    "an id": r"(?P<free>\b[0-9a-f]{64}\b)",
    "curl's words": r"curl: \(7\) Failed to connect to \S+ port [0-9]+(?P<free>[^\n]*)",
    "the address wget asked": r"remote host \((?P<free>[0-9.]+)\)",
}


def sanitized(text: str) -> str:
    """*text* as nbval compares it, by nbval's own code."""
    cell = SimpleNamespace(parent=SimpleNamespace(sanitize_patterns=RULES))
    return str(IPyNbCell.sanitize(cell, text))


def compared() -> Iterator[str]:
    """The text of every committed output that nbval compares."""
    for path in pages.committed_with_outputs():
        page = pages.read(path, pages.all_paths()[path])
        yield from (cell.text() for cell in page.code() if cell.is_compared and cell.text())


def faults_of_form(text: str) -> list[str]:
    """What keeps nbval from reading *text* as it is meant, and rules that say nothing of their reason."""
    pairs = get_sanitize_patterns(text)
    lines = text.splitlines()
    meant = [line for line in lines if re.match(r"\s*(regex|replace)\b", line)]
    lost = len(meant) - 2 * len(pairs)
    faults = [f"nbval reads {lost} of {len(meant)} lines not at all"] if lost else []
    regexes = [regex for regex, _ in pairs]
    faults += [f"twice: {regex}" for regex in sorted(set(regexes)) if regexes.count(regex) > 1]
    starts = [number for number, line in enumerate(lines) if line.startswith("regex:")]
    return faults + [f"no reason above: {lines[at]}" for at in starts if not lines[at - 1].startswith("# ")]


def test_there_are_rules() -> None:
    """The file holds rules, and each has its rows in the tables of this file."""
    assert RULES
    assert set(RULES.values()) == set(EQUAL) == set(DIFFERENT)
    assert len(FREE) == len(RULES)


def test_rules_are_adjacent_pairs_each_once_each_with_its_reason() -> None:
    """No rule is lost: nbval drops a crooked one without a word."""
    assert faults_of_form(TEXT) == []


@pytest.mark.parametrize(
    "text",
    [
        "# why\nregex: a\n\nreplace: b\n",
        "# why\n regex: a\n replace: b\n",
        "# why\nreplace: b\nregex: a\n",
        "# why\nregex:a\nreplace: b\n",
        "# why\nregex: a\n# why\nreplace: b\n",
        "# why\nregex: a\nreplace: b\n# why\nregex: a\nreplace: c\n",
        "regex: a\nreplace: b\n",
    ],
)  # fmt: skip
def test_a_crooked_rule_is_seen(text: str) -> None:
    """Gap, indent, wrong order, missing blank, comment between, repeat, no reason: each is a fault."""
    assert faults_of_form(text)


@pytest.mark.parametrize("rule", EQUAL)
def test_what_only_engine_and_run_decide_is_equal(rule: str) -> None:
    """Outputs that are right in the same way compare as one."""
    forms = EQUAL[rule]
    assert len(set(forms)) == len(forms) > 1
    assert len({sanitized(form) for form in forms}) == 1


@pytest.mark.parametrize(("rule", "right", "wrong"), [(r, *pair) for r in DIFFERENT for pair in DIFFERENT[r]])
def test_a_rule_hides_no_wrong_value(rule: str, right: str, wrong: str) -> None:
    """Beside what a rule takes away, all that a learner reads still counts."""
    assert sanitized(right) != sanitized(wrong)


@pytest.mark.parametrize(("right", "wrong"), WRONG.values(), ids=WRONG)
def test_no_rule_hides_a_wrong_answer(right: str, wrong: str) -> None:
    """A wrong port, count, name, exit code, state or answer is seen."""
    assert sanitized(right) != sanitized(wrong)


def test_every_word_of_every_committed_output_counts() -> None:
    """Change any one word or number of what is committed: the comparison sees it, but for what is FREE."""
    looked_at, hidden = 0, []
    for text in compared():
        free = [m.span("free") for pattern in FREE.values() for m in re.finditer(pattern, text)]
        for word in re.finditer(r"\w+", text):
            if any(start <= word.start() and word.end() <= end for start, end in free):
                continue
            looked_at += 1
            changed = text[: word.start()] + another(word[0]) + text[word.end() :]
            if sanitized(changed) == sanitized(text):
                hidden.append(f"{word[0]!r} in {text[max(0, word.start() - 40) : word.end() + 20]!r}")
    assert looked_at > 0
    assert hidden == []


def another(word: str) -> str:
    """A wrong value of the same kind and length."""
    if word[-1].isdigit():
        return word[:-1] + ("1" if word[-1] != "1" else "2")
    # A name of Python's, such as __main__, ends in the line that others get.
    return word[:-1] + ("_" if word[-1] != "_" else "x")


def test_every_rule_is_needed() -> None:
    """A rule that changes no committed output could only hide something: it must go."""
    used = set()
    for text in compared():
        for regex, replacement in RULES.items():
            replaced = re.sub(regex, replacement, text)
            used |= {regex} if replaced != text else set()
            text = replaced
    assert [regex for regex in RULES if regex not in used] == []
