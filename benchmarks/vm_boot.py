"""Does chapter 02's virtual machine always boot? Its page awaited as the chapter does, run after run.

`python -m benchmarks.vm_boot [--small 10] [--whole 5]`: the small machine must serve its page in less than
a minute, the whole Debian before the chapter gives up. A boot that fails has a row too.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from benchmarks import rows
from course import engine, kit, measure, shell
from course.errors import CourseError

SMALL, WHOLE = "course/vm:1", "course/server-vm:1"
BOOTS = {SMALL: 10, WHOLE: 5}
LIMIT_SECONDS = {SMALL: 60.0, WHOLE: 240.0}
PATIENCE_SECONDS = 240.0
NAME, PORT = "soaked", 8216
Row = dict[str, object]


def accelerator() -> str:
    """`kvm` where a guest truly boots with it, as the chapter finds out; else `emulated`."""
    said: list[str] = []
    shell.run(
        f"docker run --rm --device /dev/kvm {SMALL} try-kvm 5",
        env=engine.environment(), write=said.append,
    )  # fmt: skip
    return "kvm" if "KVM boots a guest" in "".join(said) else "emulated"


def boot(image: str, how: str, number: int) -> Row:
    """One boot's row: seconds from the command to the page, or what went wrong instead."""
    device = "--device /dev/kvm " if how == "kvm" else ""
    command = f"docker run -d --name {NAME} -p 127.0.0.1:{PORT}:8080 {device}{image} {how}"
    load, seconds, outcome = round(os.getloadavg()[0], 1), "", "served"
    try:
        taken = measure.page_time(command, f"http://127.0.0.1:{PORT}/", within=PATIENCE_SECONDS)
        seconds = f"{taken:.2f}"
    except CourseError as error:
        outcome = error.seen
    finally:
        shell.run(f"docker rm --force --volumes {NAME}", env=engine.environment(), write=len)
    return {
        "image": image, "how": how, "boot": number, "seconds": seconds, "outcome": outcome,
        "load_before": load,
    }  # fmt: skip


def faults(found: Sequence[Row]) -> list[str]:
    """Which boots gave no page, or gave it too late."""
    bad = []
    for row in found:
        image, limit = f"{row['image']} boot {row['boot']}", LIMIT_SECONDS[str(row["image"])]
        if row["outcome"] != "served":
            bad.append(f"{image}: {row['outcome']}")
        elif float(str(row["seconds"])) >= limit:
            bad.append(f"{image}: {row['seconds']} s, not below {limit:.0f}")
    return bad


def main(small: int = BOOTS[SMALL], whole: int = BOOTS[WHOLE]) -> int:
    """Boot, keep the rows, say what failed; 1 if anything did."""
    counts = {image: count for image, count in ((SMALL, small), (WHOLE, whole)) if count}
    kit.ensure(list(counts))
    how = accelerator()
    found = []
    for image, count in counts.items():
        for number in range(1, count + 1):
            found.append(boot(image, how, number))
            print(*found[-1].values(), flush=True)
    print(rows.write("vm-boot", found))
    bad = faults(found)
    for fault in bad:
        print(fault)
    print(f"{len(found)} boots ({how}), {len(bad)} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=BOOTS[SMALL])
    parser.add_argument("--whole", type=int, default=BOOTS[WHOLE])
    options = parser.parse_args()
    raise SystemExit(main(options.small, options.whole))
