"""What grading costs with ours and with its peers: the same lab, in the same run, beside the bare commands.

`python -m benchmarks.grading [--copies 1 10 30] [--only NAME …]`, and `--flat` for ours alone on more and
more copies. A contender counts only if it gives all points to the solution and fewer to a wrong answer.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import cost, rows
from benchmarks.peers import left, notebooks, run_floor, run_nbgrader, run_nbval, run_otter, run_ours
from benchmarks.peers.contender import Contender, Plan
from benchmarks.peers.notebooks import Answers

COPIES = (1, 10, 30)
FLAT_COPIES = (10, 100, 300)
FLAT_JOBS = 4
FLAT_WITHIN = 1.1
Row = dict[str, object]

CONTENDERS = (
    Contender("floor", run_floor.prepare, grades=False),
    Contender("shared", run_ours.with_jobs(0)),
    *(Contender(f"private, jobs {jobs}", run_ours.with_jobs(jobs)) for jobs in (1, 2, 4)),
    Contender("nbval", run_nbval.prepare),
    Contender("nbgrader", run_nbgrader.prepare),
    Contender("otter", run_otter.prepare),
)


def measure(contenders: Sequence[Contender], copies: Sequence[int]) -> list[Row]:
    """A row for each contender and number of copies; those of one number follow each other closely."""
    for contender in contenders:
        prove(contender)
    found = [prepared()]
    print(found[0], flush=True)
    for number in copies:
        for contender in contenders:
            found.append(timed(contender, number))
            print(found[-1], flush=True)
    return with_ratio(found)


def prove(contender: Contender) -> None:
    """Refuse a contender that doesn't tell the solution from a wrong answer."""
    if not contender.grades:
        return
    solved, wrong = (graded(contender, [answers])[0] for answers in (notebooks.solved(), notebooks.wrong()))
    if solved[0] != solved[1] or not 0 < wrong[0] < wrong[1]:
        raise SystemExit(f"{contender.name} doesn't grade: solution {solved}, wrong answer {wrong}")


def graded(contender: Contender, copies: Sequence[Answers]) -> list[tuple[float, float]]:
    """The points that *contender* gives to each of *copies*, unmeasured."""
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        plan = contender.prepare(Path(folder), copies)
        with left.nothing():
            run(plan)
        return plan.points()


def timed(contender: Contender, number: int) -> Row:
    """What it costs *contender* to grade *number* copies of the solution."""
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        plan = contender.prepare(Path(folder), [notebooks.solved()] * number)
        load = Path("/proc/loadavg").read_text().split()[0]
        with left.nothing(), cost.measured() as spent:
            run(plan)
        points = plan.points()
    full = sum(earned == most > 0 for earned, most in points)
    if contender.grades and full != number:
        raise SystemExit(f"{contender.name} gave full marks to {full} of {number} solutions")
    return row(contender.name, number, spent, load)


def row(name: str, number: int, spent: cost.Cost, load: str) -> Row:
    """One measurement as it is kept; the ratio to the floor comes later."""
    return {
        "contender": name, "copies": number, "wall_s": spent.wall, "own_cpu_s": spent.own_cpu,
        "engine_cpu_s": spent.engine_cpu, "machine_cpu_s": spent.machine_cpu,
        "per_minute": round(60 * number / spent.wall, 1), "load_before": load, "to_floor": "",
    }  # fmt: skip


def run(plan: Plan) -> None:
    """Run the commands of *plan*, one after the other."""
    for command in plan.commands:
        done = subprocess.run(
            command, cwd=plan.folder, env=plan.env, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if done.returncode not in plan.codes:
            words = " ".join(map(str, command))
            raise SystemExit(f"{words} ended with {done.returncode}:\n{done.stdout[-3000:]}")


def prepared() -> Row:
    """What the disk costs that private engines start from, once for each state of a lab's images.

    It is made anew in a cache of its own, for a kept one would cost nothing. It grades no copy, which its row
    says: there is nothing a minute, and no floor to compare it with.
    """
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        plan = run_ours.only_prepared(Path(folder))
        load = Path("/proc/loadavg").read_text().split()[0]
        with cost.measured() as spent:
            run(plan)
    return row("private, the lab's disk", 0, spent, load)


def with_ratio(found: Sequence[Row]) -> list[Row]:
    """The rows with their wall time as a multiple of the floor's for as many copies."""
    floors = {each["copies"]: each["wall_s"] for each in found if each["contender"] == "floor"}
    return [each | {"to_floor": _over(each["wall_s"], floors.get(each["copies"]))} for each in found]


def _over(above: object, below: object) -> object:
    return round(float(str(above)) / float(str(below)), 2) if below else ""


def goals(found: Sequence[Row]) -> list[tuple[str, float, float, bool]]:
    """Each goal with its bound, what was measured on the most copies, and whether more is better."""
    most = max(int(str(each["copies"])) for each in found)
    at = {str(each["contender"]): each for each in found if each["copies"] == most}

    def of(name: str, column: str = "wall_s") -> float:
        return float(str(at[name][column]))

    shared, one, two, four = (
        of(name) for name in ("shared", "private, jobs 1", "private, jobs 2", "private, jobs 4")
    )
    above = (of("shared", "own_cpu_s") - of("floor", "own_cpu_s")) / most
    return [
        ("shared: wall / floor", 1.2, shared / of("floor"), False),
        ("nbgrader / shared", 4, of("nbgrader") / shared, True),
        ("otter / shared", 8, of("otter") / shared, True),
        ("shared: own CPU seconds a submission", 0.3, of("shared", "own_cpu_s") / most, False),
        ("the same above the floor's", 0.3, above, False),
        ("private, jobs 4: submissions a minute", 25, of("private, jobs 4", "per_minute"), True),
        ("nbgrader / private, jobs 4", 1, of("nbgrader") / four, True),
        ("otter / private, jobs 4", 1, of("otter") / four, True),
        ("private: throughput, jobs 2 / jobs 1", 1.6, one / two, True),
    ]


def flat(copies: Sequence[int]) -> None:
    """Keep the rows of the private grader on more and more copies: what one costs should stay the same."""
    contender = Contender(f"private, jobs {FLAT_JOBS}", run_ours.with_jobs(FLAT_JOBS))
    prove(contender)
    found = []
    for number in copies:
        found.append(timed(contender, number))
        # What was measured counts, whatever comes of the larger numbers.
        print(found[-1], rows.write("grading", found[-1:]), flush=True)
    each = [float(str(row["wall_s"])) / int(str(row["copies"])) for row in found]
    if len(each) > 1:
        show(
            f"seconds a submission, {copies[-1]} copies / {copies[0]}", FLAT_WITHIN, each[-1] / each[0], False
        )


def show(name: str, bound: float, value: float, more: bool) -> None:
    """Say whether *value* keeps to its *bound*: at least that much if *more*, else at most."""
    met = value >= bound if more else value <= bound
    goal = f"goal: at {'least' if more else 'most'} {bound}"
    print(f"{'met   ' if met else 'MISSED'} {name}: {value:.2f} ({goal})", flush=True)


def main() -> None:
    """Measure, keep the rows, say which goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+")
    parser.add_argument("--only", nargs="+", help="contenders by name; goals need all")
    parser.add_argument("--flat", action="store_true", help="private engines on 10, 100, 300 copies")
    options = parser.parse_args()
    if options.flat:
        flat(options.copies or FLAT_COPIES)
        return
    chosen = [each for each in CONTENDERS if not options.only or each.name in options.only]
    found = measure(chosen, options.copies or COPIES)
    print(rows.write("grading", found))
    if not options.only:
        for goal in goals(found):
            show(*goal)
        print("No grader that runs the same commands in turn is faster than the floor: see to_floor.")


if __name__ == "__main__":
    main()
