"""Build images from their recipes, bases first, two at a time; knows nothing of other sources.

Each build runs in a Python of its own: Ctrl-C then reaches it wherever it is, which a thread would not allow.
Measured on two cores: nginx, redis and the tools take 30 s one after the other, 19 s two at a time.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.kit import recipes
from course.kit.manifest import Image
from course.kit.progress import Progress
from course.kit.recipes import Built

AT_ONCE = min(2, os.cpu_count() or 1)
END_SECONDS = 40.0
Outcome = Built | CourseError


def build_all(
    images: Iterable[Image],
    bases: Callable[[Image], Iterable[Image]],
    *,
    site_ca: Path | None = None,
    progress: Progress,
) -> dict[str, Outcome]:
    """Build *images*, each after those of its *bases* that are among them; one that fails ends no other."""
    crew = _Crew(site_ca, progress)
    waiting = {image.tag: image for image in images}
    try:
        while waiting or crew.running:
            for image in list(waiting.values()):
                needed = {base.tag for base in bases(image)}
                failed = [tag for tag in needed if isinstance(crew.done.get(tag), CourseError)]
                if failed:
                    crew.done[image.tag] = CourseError(
                        f"{image.tag} is built from {failed[0]}, which failed."
                    )
                    del waiting[image.tag]
                elif not needed & (waiting.keys() | crew.running.keys()) and len(crew.running) < AT_ONCE:
                    crew.start(waiting.pop(image.tag))
            crew.hear()
    finally:
        crew.end()
    return crew.done


class _Crew:
    """The builds under way, and what came of those that ended."""

    def __init__(self, site_ca: Path | None, progress: Progress) -> None:
        self.running: dict[str, subprocess.Popen[str]] = {}
        self.done: dict[str, Outcome] = {}
        self._site_ca, self._progress = site_ca, progress
        self._steps: dict[str, str] = {}
        self._news: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()

    def start(self, image: Image) -> None:
        """Begin to build *image* in a process group of its own."""
        child = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.running[image.tag] = child
        assert child.stdin is not None
        task = {"image": asdict(image), "site_ca": self._site_ca}
        child.stdin.write(json.dumps(task, default=str) + "\n")
        child.stdin.flush()
        threading.Thread(target=self._listen, args=(image.tag, child), daemon=True).start()

    def _listen(self, tag: str, child: subprocess.Popen[str]) -> None:
        for line in child.stdout or ():
            self._news.put((tag, json.loads(line)))
        self._news.put((tag, {"ended": child.wait()}))

    def hear(self) -> None:
        """Wait for the next thing a build says, and take it down."""
        if not self.running:
            return
        tag, told = self._news.get()
        if "step" in told:
            self._steps[tag] = told["step"]
        elif "built" in told:
            self.done[tag] = Built(*told["built"])
        elif "error" in told:
            self.done[tag] = CourseError(*told["error"])
        else:
            self._ended(tag, told["ended"])
        steps = (f"{name} {self._steps.get(name, '')}".strip() for name in self.running)
        self._progress.now(" · ".join(steps))

    def _ended(self, tag: str, code: int) -> None:
        child = self.running.pop(tag)
        assert child.stdin is not None
        child.stdin.close()
        self.done.setdefault(tag, CourseError(f"The build of {tag} ended early (exit code {code})."))
        self._progress.add(1)

    def end(self) -> None:
        """Interrupt what still runs and wait until it has cleaned up."""
        for child in self.running.values():
            child.send_signal(signal.SIGINT)
        for child in self.running.values():
            try:
                child.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def _tell(**news: object) -> None:
    print(json.dumps(news), flush=True)


def _end_with_parent() -> None:
    """A parent that is gone, however it went, closes our input: then nobody wants this build any more."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGINT)


def main() -> None:
    """Build the one image that the first line of the input describes, and tell how it goes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    paths = {"recipe": Path(task["image"]["recipe"]), "under": tuple(map(Path, task["image"]["under"]))}
    described = task["image"] | paths
    site_ca = Path(task["site_ca"]) if task["site_ca"] else None
    try:
        built = recipes.build(Image(**described), site_ca=site_ca, progress=lambda step: _tell(step=step))
        _tell(built=[built.seconds, built.bytes])
    except CourseError as error:
        _tell(error=[error.seen, error.next_step])
    except KeyboardInterrupt:
        os._exit(130)  # the parent knows why


if __name__ == "__main__":
    main()
