"""The command line, `python -m course`: it reads words and calls; how anything is done it doesn't know."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from course.errors import exit_code

Verb = Callable[[argparse.Namespace], int]


def lab(options: argparse.Namespace) -> int:
    """Set everything up and open JupyterLab."""
    from course import engine, kit, workshop

    engine.ensure()
    kit.ensure([image.tag for image in kit.for_chapter("00-start")])
    with kit.in_background():
        return workshop.serve(options.port, options.listen)


def doctor(options: argparse.Namespace) -> int:
    """Say what works on this machine, and cure by cure what doesn't."""
    from course.doctor import examine

    findings = []
    for finding in examine():
        print(finding, flush=True)
        findings.append(finding)
    wrong = [finding for finding in findings if finding.state == "wrong"]
    print(f"\n{len(findings)} things looked at, {len(wrong)} wrong." + (" All is well." if not wrong else ""))
    return 1 if wrong or not findings else 0


def engine(options: argparse.Namespace) -> int:
    """Start, stop or show the engine."""
    from course import engine as engines

    if options.what == "start":
        if options.group:
            engines.start_as_root(print, options.group)
        found = engines.ensure()
        print(f"engine: {found.endpoint} ({found.source})")
    elif options.what == "stop":
        from course.kit import mirror

        mirror.stop()
        ended = engines.stop()
        print(
            "The engine that the course started is stopped."
            if ended
            else "The course had started no engine here."
        )
    else:
        found = engines.find()
        print(
            f"engine: {found.endpoint} ({found.source}){', started by the course' * found.started_by_course}"
        )
    return 0


def images(options: argparse.Namespace) -> int:
    """Get the images (all of them, or those named) from the first source that has them."""
    from course import engine as engines
    from course import kit

    engines.ensure()
    tags = options.tags or [image.tag for image in kit.manifest().images]
    for arrival in kit.ensure(tags, sources=kit.Sources.named(options.mirror, options.kit)):
        print(arrival)
    return 0


def kit(options: argparse.Namespace) -> int:
    """Write every image into one archive for a classroom."""
    from course import engine as engines
    from course import kit as kits

    engines.ensure()
    print(kits.make_kit(Path(options.folder)))
    return 0


def mirror(options: argparse.Namespace) -> int:
    """Serve every image to a room, until `make stop`."""
    from course import engine as engines
    from course import kit as kits

    engines.ensure()
    kits.make_mirror()
    return 0


def check(options: argparse.Namespace) -> int:
    """Judge a lab's end state on your own engine."""
    from course import lesson

    judgement = lesson.judge(options.lab)
    print(judgement)
    return 0 if judgement.earned == judgement.points else 1


def grade(options: argparse.Namespace) -> int:
    """Grade submissions, each on an engine of its own, and write reports."""
    from course import engine as engines
    from course.grade import command

    engines.ensure()
    wish = command.Wish(
        tuple(options.paths), options.lab, options.jobs, options.on, options.shared, options.report
    )
    return command.grade(wish)


def image(options: argparse.Namespace) -> int:
    """Build an image that holds the course, with an engine of its own inside."""
    from course import door
    from course import engine as engines

    engines.ensure()
    print(door.build(options.tag))
    return 0


def clean(options: argparse.Namespace) -> int:
    """Remove what chapters and labs left behind, and nothing else."""
    from course import lesson

    return lesson.clean(options.chapter)


def progress(options: argparse.Namespace) -> int:
    """Show how far you are; forget a chapter; write a record of the checks that passed."""
    from course import practice
    from course.practice import completion

    record = practice.own()
    if options.reset:
        slug, rows = practice.reset(record, options.reset)
        print(f"{slug}: {rows} lines of your record are forgotten.")
    print(practice.read(record))
    print(f"Your record: {record.path}")
    if options.completion:
        labs = completion.write(record, options.completion)["labs"]
        print(f"{options.completion} names the checks that passed in {len(labs)} labs, and what that shows.")
    return 0


def new_lab(options: argparse.Namespace) -> int:
    """Make a lab that already keeps every promise, to be changed into yours."""
    from course import scaffold

    for path in scaffold.new_lab(options.slug):
        print(path)
    return 0


def new_chapter(options: argparse.Namespace) -> int:
    """Make a chapter with the house skeleton."""
    from course import scaffold

    for path in scaffold.new_chapter(options.slug):
        print(path)
    return 0


def parser() -> argparse.ArgumentParser:
    """Every verb with its words."""
    top = argparse.ArgumentParser("python -m course", description=__doc__)
    verbs = top.add_subparsers(required=True, metavar="VERB")

    def add(name: str, verb: Verb) -> argparse.ArgumentParser:
        words = (verb.__doc__ or "").strip()
        sub = verbs.add_parser(name, help=words, description=words)
        sub.set_defaults(verb=verb)
        return sub

    sub = add("lab", lab)
    sub.add_argument("--port", type=int, default=8888)
    sub.add_argument("--listen", default="127.0.0.1", metavar="ADDRESS", help="0.0.0.0 inside a container")
    add("doctor", doctor)
    sub = add("engine", engine)
    sub.add_argument("what", choices=["start", "stop", "show"])
    sub.add_argument("--group", help="a Unix group that may use the socket of an engine started as root")
    sub = add("images", images)
    sub.add_argument("tags", nargs="*", metavar="TAG")
    sub.add_argument("--mirror", metavar="HOST:PORT", help="a registry mirror in this room")
    sub.add_argument("--kit", metavar="FILE", help="an archive that `make kit` wrote")
    add("kit", kit).add_argument("folder", nargs="?", default=".")
    add("mirror", mirror)
    add("check", check).add_argument("lab", metavar="LAB")
    sub = add("grade", grade)
    sub.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a notebook, or a folder of them")
    sub.add_argument("--lab", default="", metavar="SLUG", help="the lab, if not the one that each names")
    sub.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once")
    sub.add_argument(
        "--on", default="", metavar="SCHEDULER", help="a Dask scheduler, such as tcp://host:8786"
    )
    sub.add_argument("--shared", action="store_true", help="on this engine, for notebooks that you trust")
    sub.add_argument("--report", type=Path, default=Path("grading"), metavar="DIR", help="where results go")
    add("image", image).add_argument("tag", nargs="?", default="containers-course")
    add("clean", clean).add_argument("chapter", nargs="?")
    sub = add("progress", progress)
    sub.add_argument("--reset", default="", metavar="CHAPTER", help="forget what was done of it, its lab too")
    sub.add_argument("--completion", type=Path, metavar="FILE", help="write which checks passed, as JSON")
    add("new-lab", new_lab).add_argument("slug")
    add("new-chapter", new_chapter).add_argument("slug")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; what a person can cure is said in words."""
    options = parser().parse_args(arguments)
    return exit_code(lambda: int(options.verb(options)))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    raise SystemExit(main())
