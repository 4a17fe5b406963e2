"""Is each incident broken at its start in the way its story says? Begun many times over, every one counted.

`python -m benchmarks.incidents [--runs 10] [--lab SLUG …]`
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from benchmarks import rows
from course import labs
from course.labs import Lab

RUNS = 10
Row = dict[str, object]


def incidents(names: Sequence[str]) -> list[Lab]:
    """The labs of *names*, or all that have symptoms."""
    found = [labs.find(name) for name in names] if names else list(labs.all_labs())
    return [lab for lab in found if labs.load_symptoms(lab)]


def begun(lab: Lab, repeat: int) -> Row:
    """One start of *lab*: whether all symptoms were there, else what was seen instead."""
    sys.path.append(str(rows.ROOT / "tests"))  # the harness of the labs lies there
    import lab_trials

    started = time.perf_counter()
    attempt = lab_trials.begin(lab)
    faults = [f"{cell}: {error}" for cell, error in attempt.errors.items()] + attempt.litter
    faults += [f"{name}: {seen}" for name, seen in attempt.well_before.items()]
    seconds = round(time.perf_counter() - started, 1)
    symptoms = len(labs.load_symptoms(lab))
    return {
        "lab": lab.slug, "repeat": repeat, "symptoms": symptoms, "broken": not faults, "seconds": seconds,
        "note": "; ".join(faults),
    }  # fmt: skip


def main(runs: int = RUNS, names: Sequence[str] = ()) -> int:
    """Begin each incident *runs* times; gives 1 if one wasn't broken as its story says."""
    found = [begun(lab, repeat + 1) for lab in incidents(names) for repeat in range(runs)]
    print(rows.write("incidents", found))
    well = [row for row in found if not row["broken"]]
    for row in well:
        print(f"{row['lab']}, run {row['repeat']}: {row['note']}")
    print(f"{len(found)} starts, {len(well)} not broken as the story says")
    return 1 if well else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--lab", action="append", default=[])
    options = parser.parse_args()
    raise SystemExit(main(options.runs, options.lab))
