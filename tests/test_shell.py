"""`%%shell` runs what a person would type, shows it as it comes, and names the line that failed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course import shell
from course.shell import ShellError


def output(script: str) -> tuple[shell.Outcome, str]:
    """How *script* ended, and all that it printed."""
    parts: list[str] = []
    outcome = shell.run(script, write=parts.append)
    return outcome, "".join(parts)


def until(condition: Callable[[], object], what: str, within: float = 10) -> None:
    """Wait until *condition* holds; fail after *within* seconds, saying *what* never came."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {within} s"
        threading.Event().wait(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process of this number runs; one that has ended and waits to be collected doesn't."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_both_streams_come_as_one_in_true_order() -> None:
    """What a command writes to stdout and stderr stands in the order in which it was written."""
    script = "for n in 1 2 3; do echo out $n; echo err $n >&2; done"
    assert output(script)[1] == "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"


def test_output_is_shown_as_it_comes(tmp_path: Path) -> None:
    """The first line is shown while the script still runs: it waits for a sign that only this line gives."""
    sign = tmp_path / "seen"

    def write(text: str) -> None:
        if "first" in text:
            sign.touch()

    outcome = shell.run(
        f"echo first; timeout 10 bash -c 'until test -e {sign}; do :; done'; echo done", write=write
    )
    assert outcome.code == 0


def test_a_letter_cut_in_two_by_a_write_is_whole() -> None:
    """A character of several bytes that arrives in two pieces is one character."""
    script = r"printf '\xe2\x86'; read -t 0.2 < <(:) || true; printf '\x92\n'"
    assert output(script)[1] == "→\n"


def test_bytes_that_are_no_text_do_not_end_the_cell() -> None:
    """Binary output is shown as well as it can be, and what follows it too."""
    outcome, text = output(r"printf '\xff\xfe'; echo; echo after")
    assert outcome.code == 0
    assert text.endswith("\nafter\n")


@pytest.mark.parametrize(
    ("script", "code", "line", "command"),
    [
        ("true\nfalse\necho never", 1, 2, "false"),
        ("echo one\n\nls /no/such/place", 2, 3, "ls /no/such/place"),
        ("true | (exit 3) | true\necho never", 3, 1, None),
        ("echo $(exit 4)\nwrong=$(exit 5)\necho never", 5, 2, "wrong=$(exit 5)"),
        ("f() {\n  false\n}\nf\necho never", 1, 2, "false"),
        ("echo $no_such_name\necho never", 1, None, ""),
        ("exit 6", 6, None, ""),
        ("kill -TERM $$", 143, None, ""),
        ("docker-with-a-typo run", 127, 1, "docker-with-a-typo run"),
    ],
)  # fmt: skip
def test_the_failing_line_is_named(script: str, code: int, line: int | None, command: str | None) -> None:
    """The first failure ends the script, in a pipe and in $( ) too; the outcome says where and what."""
    outcome, text = output(script)
    assert (outcome.code, outcome.line) == (code, line)
    assert command is None or outcome.command == command
    assert "never" not in text


def test_an_error_counts_lines_as_the_reader_does() -> None:
    """In the cell `%%shell` is line 1, so the script's second line is the reader's third."""
    with pytest.raises(ShellError, match=r"^line 3 ended with exit code 1, expected 0: false\nNext: "):
        shell.cell("", "true\nfalse\n")


def test_a_long_command_is_cut_in_the_message() -> None:
    """The message stays two lines, whatever the command was."""
    with pytest.raises(ShellError) as caught:
        shell.cell("", f"test {'x' * 500} = y")
    assert len(str(caught.value).splitlines()) == 2
    assert len(str(caught.value).splitlines()[0]) < 160


def test_an_expected_failure_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    """`--expect 7` passes on exit code 7, and shows it."""
    shell.cell("--expect 7", "echo before; exit 7")
    assert capsys.readouterr().out == "before\n[exit code 7]\n"


@pytest.mark.parametrize(
    ("body", "words"), [("true", "exit code 0, expected 7"), ("exit 8", "code 8, expected 7")]
)
def test_another_end_than_the_expected_is_an_error(body: str, words: str) -> None:
    """A lesson in failure fails itself when the command works, or fails in another way."""
    with pytest.raises(ShellError, match=words):
        shell.cell("--expect 7", body)


def test_quiet_shows_nothing_that_went_well(capsys: pytest.CaptureFixture[str]) -> None:
    """`--quiet` keeps the output back, and shows all of it when the cell fails."""
    shell.cell("--quiet", "echo hidden")
    assert capsys.readouterr().out == ""
    with pytest.raises(ShellError):
        shell.cell("--quiet", "echo shown; false")
    assert capsys.readouterr().out == "shown\n"


def test_an_unknown_option_is_said() -> None:
    """A typing error in the first line is named, and the options there are."""
    with pytest.raises(ShellError, match=r"does not know --expct 1") as caught:
        shell.cell("--expct 1", "true")
    assert "[--expect CODE] [--quiet]" in str(caught.value)


def test_a_child_in_the_background_does_not_hang_the_cell(tmp_path: Path) -> None:
    """A cell ends with its last line, though something that it started still holds its output open."""
    started = time.monotonic()
    outcome, text = output(f"tail -f /dev/null & echo $! > {tmp_path / 'pid'}; echo done")
    pid = int((tmp_path / "pid").read_text())
    os.kill(pid, signal.SIGKILL)
    assert (outcome.code, text) == (0, "done\n")
    assert time.monotonic() - started < 5


def test_nothing_is_lost_when_the_script_ends_at_once() -> None:
    """Output that is still on its way when bash ends is shown to its last line."""
    lines = output("seq 1 200000")[1].splitlines()
    assert (len(lines), lines[-1]) == (200000, "200000")


def test_a_question_gets_no_answer_instead_of_hanging() -> None:
    """Standard input is empty: a command that asks goes on or fails, and does not wait for ever."""
    assert output("read answer || echo 'nobody answers'")[1] == "nobody answers\n"


# A kernel's Ctrl-C, in a process of its own: the cell starts a pipe of children and one in the background.
CELL = """
import sys
from course import shell
script = "tail -f /dev/null & echo $!; tail -f /dev/null | cat & echo $!; echo $$; echo ready; wait"
try:
    shell.run(script, write=lambda text: (sys.stdout.write(text), sys.stdout.flush()))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
STUBBORN = CELL.replace('script = "', "script = \"trap '' INT; ")


@pytest.mark.parametrize("code", [CELL, STUBBORN], ids=["willing", "deaf to SIGINT"])
def test_an_interrupt_stops_the_whole_process_group(code: str) -> None:
    """Ctrl-C ends bash and all that it started, also what doesn't listen, and goes on as an interrupt."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [process.stdout.readline().strip()]
    while said[-1] != "ready":
        said.append(process.stdout.readline().strip())
        assert said[-1], "the script ended before it was ready"
    pids = [int(word) for word in said[:-1]]
    assert len(pids) == 3
    assert all(map(is_alive, pids))
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0].endswith("interrupted\n")
    until(lambda: not any(map(is_alive, pids)), "the end of all that the cell had started")


def test_the_group_is_told_before_the_script_goes_on() -> None:
    """Who records a cell learns the process group's number, which is bash's own."""
    groups: list[int] = []
    parts: list[str] = []
    shell.run("echo $$", write=parts.append, started=groups.append)
    assert "".join(parts).strip() == str(groups[0])


def test_tools_are_quiet_and_plain() -> None:
    """Colours, hints and moving progress differ from run to run: the tools are told to leave them out."""
    text = output('echo "$BUILDKIT_PROGRESS $DOCKER_CLI_HINTS $NO_COLOR"; tty || true')[1]
    assert text == "plain false 1\nnot a tty\n"


@pytest.fixture
def ipython(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """An IPython that knows `%%shell`, as a notebook's kernel does after its set-up cell."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    found = InteractiveShell()  # type: ignore[no-untyped-call]
    shell.load(found, env=dict(os.environ) | {"GREETING": "from the course"})
    return found


def test_every_line_after_the_first_can_be_pasted(
    ipython: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Braces, dollars and percent signs reach bash as they are written: a cell is what a terminal takes."""
    body = "name=web\necho \"{{.ID}} {$name} ${name}s %d %%\"\nprintf '%s\\n' '!x' \\\n  \"$GREETING\"\n"
    ipython.run_cell(f"%%shell\n{body}")  # type: ignore[no-untyped-call]
    pasted = subprocess.run(
        ["bash"], input=body, capture_output=True, text=True, env=os.environ | {"GREETING": "from the course"}
    )
    assert capsys.readouterr().out == pasted.stdout
    assert pasted.stdout == "{{.ID}} {web} webs %d %%\n!x\nfrom the course\n"


def test_a_failing_cell_shows_words_and_no_traceback(
    ipython: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a notebook the learner reads two lines: which line failed how, and the next step."""
    result = ipython.run_cell("%%shell\necho hello\nfalse\n")  # type: ignore[no-untyped-call]
    shown = capsys.readouterr().out
    assert isinstance(result.error_in_exec, ShellError)
    assert shown.startswith("hello\nline 3 ended with exit code 1, expected 0: false\nNext: ")
    assert "Traceback" not in shown
