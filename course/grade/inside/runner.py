"""Run a submission's cells, one forked child per submission; it knows no checks, no nonce and no points.

It runs where the learner's code runs, so nothing that it says is believed further than as feedback.
Requests come on stdin, a line of JSON each: {"cells": [{"id", "source"}], "folder", "seconds", "env"}.
For each the answers go to stdout, a line of JSON each: {"cell", "error", "output"} as cells end, and at last
{"end": "done" | "deadline" | "died", "cell"}. Before the first request it says {"ready": true}.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any, NoReturn

MOST_BYTES = 65536
MOST_FILES = 4096
NO_NEW_PRIVILEGES = 38
MOST_PROCESSES = 400
Words = dict[str, Any]


def main() -> None:
    """Import what cells need, once; then serve requests until stdin closes."""
    options = _options()
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    _imports(options.home)
    gc.collect()
    gc.freeze()
    _say({"ready": True})
    for line in sys.stdin:
        _serve(json.loads(line), options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--user", type=int, help="the learner's number, for user and group; default: stay")
    parser.add_argument("--home", required=True, help="a folder that the learner may fill")
    return parser.parse_args()


def _imports(home: str) -> None:
    # Whatever IPython keeps goes to the learner's home; its history database would cost every cell a write.
    os.environ.update(HOME=home, IPYTHONDIR=os.path.join(home, ".ipython"))  # noqa: PTH118
    import IPython.core.interactiveshell  # noqa: F401


def _say(words: Words) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _serve(request: Words, options: argparse.Namespace) -> None:
    """Fork, pass on what the child says of its cells, and end all that it started."""
    events_in, events_out = os.pipe()
    text_in, text_out = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(events_in)
        os.close(text_in)
        _become_the_learner(request, options, events_out, text_out)
    os.close(events_out)
    os.close(text_out)
    watch = _Watch(child, events_in, text_in, time.monotonic() + float(request["seconds"]))
    try:
        end = watch.until_the_end()
    finally:
        _end_all(child)
        os.close(events_in)
        os.close(text_in)
    _say({"end": end, "cell": watch.cell})


def _end_all(leader: int) -> None:
    """End the child and all that it started; as the first process of a tree, whatever it did to hide."""
    for kill, number in ((os.killpg, leader), (os.kill, leader)):
        with contextlib.suppress(ProcessLookupError):
            kill(number, signal.SIGKILL)
    if os.getpid() != 1:
        os.waitpid(leader, 0)
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


class _Watch:
    """What the child says, read with a limit on bytes and time."""

    def __init__(self, child: int, events: int, text: int, end: float) -> None:
        self.cell = ""
        self._child, self._events, self._text, self._end = child, events, text, end
        self._line, self._said = b"", bytearray()

    def until_the_end(self) -> str:
        """Read until the child closes its end ("done", "died") or the deadline passes ("deadline")."""
        open_ends = {self._events, self._text}
        while self._events in open_ends:
            left = self._end - time.monotonic()
            ready, _, _ = select.select(list(open_ends), [], [], max(left, 0))
            if not ready:
                self._flush("")
                return "deadline"
            # It looks at one end after the other. Both may come in between: then the text came first.
            if self._events in ready and self._text in open_ends - {*ready}:
                ready += select.select([self._text], [], [], 0)[0]
            for end in sorted(ready, key=lambda each: each == self._events):
                chunk = os.read(end, MOST_BYTES)
                if not chunk:
                    open_ends.discard(end)
                elif end == self._text:
                    self._said += chunk[: MOST_BYTES - len(self._said)]
                elif self._take(chunk):
                    return "done"
            if time.monotonic() > self._end:
                self._flush("")
                return "deadline"
        self._flush("The Python of this notebook ended here.")
        return "died"

    def _take(self, chunk: bytes) -> bool:
        """Pass on whole lines; True when the child says that it is through."""
        # A line without end is the learner's doing: what is too long is dropped, not kept.
        lines = (self._line + chunk)[-MOST_BYTES:].split(b"\n")
        self._line = lines.pop()
        for line in lines:
            try:
                words = json.loads(line)
            except ValueError:
                continue
            if not isinstance(words, dict):
                continue
            if "begin" in words:
                self.cell = str(words["begin"])[:100]
            elif "through" in words:
                return True
            else:
                self._flush(str(words.get("error", ""))[:2000])
        return False

    def _flush(self, error: str) -> None:
        if self.cell:
            _say({"cell": self.cell, "error": error, "output": self._said.decode(errors="replace")})
        self._said.clear()


def _become_the_learner(request: Words, options: argparse.Namespace, events: int, text: int) -> NoReturn:
    """In the child: give up rights and every open file but two, and run the cells."""
    os.setsid()
    nothing = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((nothing, 0), (text, 1), (text, 2), (events, 3)):
        os.dup2(source, target, inheritable=target != 3)
    os.closerange(4, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_FILES, MOST_FILES))
    if options.user:
        _give_up_rights(options.user)
    os.chdir(request["folder"])
    os.environ.update(request.get("env", {}))
    sys.path.insert(0, request["folder"])
    with os.fdopen(3, "w", buffering=1) as said:
        _run_cells(request["cells"], said)
    os._exit(0)


def _give_up_rights(user: int) -> None:
    # When memory runs out, the learner's process goes before the engine does.
    with open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_NPROC, (MOST_PROCESSES, MOST_PROCESSES))
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "IPYTHONDIR")}
    os.environ.clear()
    os.environ.update(kept, USER="learner", LANG="C.UTF-8")


def _run_cells(cells: list[Words], said: Any) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    # Its database of what was typed would be made anew for each submission, and nobody reads it.
    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    for cell in cells:
        said.write(json.dumps({"begin": cell["id"]}) + "\n")
        outcome = shell.run_cell(cell["source"], store_history=False)
        sys.stdout.flush()
        sys.stderr.flush()
        error = outcome.error_before_exec or outcome.error_in_exec
        words = f"{type(error).__name__}: {error}"[:2000] if error else ""
        said.write(json.dumps({"cell": cell["id"], "error": words}) + "\n")
    said.write(json.dumps({"through": True}) + "\n")


if __name__ == "__main__":
    main()
