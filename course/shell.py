"""Run a piece of bash as a person would type it: the `%%shell` cell magic; knows nothing of Docker."""

from __future__ import annotations

import argparse
import codecs
import os
import select
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

from course.errors import CourseError

STOP_SECONDS = 5.0
Write = Callable[[str], object]

# Plain progress keeps build logs readable and the same in every run; hints would advertise in a lesson.
QUIET_TOOLS = {
    "BUILDKIT_PROGRESS": "plain",
    "COMPOSE_PROGRESS": "plain",
    "COMPOSE_ANSI": "never",
    "DOCKER_CLI_HINTS": "false",
    "COMPOSE_MENU": "false",
    "NO_COLOR": "1",
    "LC_ALL": "C.UTF-8",
}


class ShellError(CourseError):
    """A line of a `%%shell` cell failed, or worked where failure was the lesson."""


@dataclass(frozen=True)
class Outcome:
    """How a script ended: its exit code and, where bash names it, the line that failed."""

    code: int
    line: int | None
    command: str


def run(
    script: str,
    *,
    write: Write | None = None,
    env: dict[str, str] | None = None,
    started: Callable[[int], object] | None = None,
) -> Outcome:
    """Run *script* with `bash -euo pipefail`, stdout and stderr as one stream in true order.

    *write* gets the text as it comes (default: print it). *started* is told the process group's number. On
    Ctrl-C the whole group is stopped before the interrupt goes on.
    """
    with tempfile.TemporaryFile("w+") as report:
        fd = report.fileno()
        # The trap stands on the script's first line, so that bash counts lines as the reader does.
        trap = f'trap \'printf "%s\\n%s\\0" "$LINENO" "$BASH_COMMAND" >&{fd}\' ERR; '
        process = subprocess.Popen(
            ["bash", "-Eeuo", "pipefail", "-c", trap + script],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=(env or dict(os.environ)) | QUIET_TOOLS, pass_fds=[fd], start_new_session=True,
        )  # fmt: skip
        if started is not None:
            started(process.pid)
        try:
            _stream(process, write or _print)
        except BaseException:
            _stop(process)
            raise
        report.seek(0)
        return _outcome(process.wait(), report)


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _stream(process: subprocess.Popen[bytes], write: Write) -> None:
    """Pass output on until bash has ended: a child left in the background may hold the pipe for ever."""
    assert process.stdout is not None
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    source = process.stdout.fileno()
    while True:
        ended = process.poll() is not None
        ready, _, _ = select.select([source], [], [], 0 if ended else 0.05)
        if not ready:
            if ended:
                return
            continue
        chunk = os.read(source, 65536)
        if not chunk:
            return
        write(decode(chunk))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process group: first as Ctrl-C would, after 5 s for good."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


def _outcome(code: int, report: IO[str]) -> Outcome:
    # A failure inside $(…) or (…) reports there first; the last report is the line that ended the script.
    reports = report.read().split("\0")[:-1]
    if not code or not reports:
        return Outcome(code if code >= 0 else 128 - code, None, "")
    line, command = reports[-1].split("\n", 1)
    return Outcome(code if code >= 0 else 128 - code, int(line), command)


def explain(outcome: Outcome, expected: int) -> str:
    """Two lines at most: which line ended how, and what was expected."""
    place = f"line {outcome.line + 1}" if outcome.line is not None else "the cell"  # %%shell is line 1
    first = outcome.command.splitlines()[0] if outcome.command else ""
    command = f": {first if len(first) <= 80 else first[:79] + '…'}" if first else ""
    return f"{place} ended with exit code {outcome.code}, expected {expected}{command}"


def cell(
    line: str, body: str, *, env: dict[str, str] | None = None, started: Callable[[int], object] | None = None
) -> None:
    """What `%%shell [--expect CODE] [--quiet]` does with its cell."""
    options = _options(line)
    kept: list[str] = []
    outcome = run(body, env=env, started=started, write=kept.append if options.quiet else None)
    if outcome.code != options.expect:
        _print("".join(kept))
        raise ShellError(
            explain(outcome, options.expect), "read the last lines above, then run the cell again"
        )
    if options.expect:
        _print(f"[exit code {outcome.code}]\n")


def _options(line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser("%%shell", add_help=False, exit_on_error=False)
    parser.add_argument("--expect", type=int, default=0)
    parser.add_argument("--quiet", action="store_true")
    options, unknown = parser.parse_known_args(shlex.split(line))
    if unknown:
        raise ShellError(f"%%shell does not know {' '.join(unknown)}.", "%%shell [--expect CODE] [--quiet]")
    return options


def load(
    ipython: Any, *, env: dict[str, str] | None = None, started: Callable[[int], object] | None = None
) -> None:
    """Give *ipython* the `%%shell` magic, with *env* for its commands."""

    def shell(line: str, body: str) -> None:
        """Run the cell in bash: %%shell [--expect CODE] [--quiet]."""
        cell(line, body, env=env, started=started)

    ipython.register_magic_function(shell, "cell", "shell")
