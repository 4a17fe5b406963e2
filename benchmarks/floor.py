"""A chapter's floor: its own commands in one bash script, without notebook, kernel, ledger or comparison."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from course import labs, shell

# Python cells run in one bare interpreter: a measurement costs in the floor what it costs in the chapter.
INTERPRETER = """
import sys
names = {}
for cell in iter(lambda: "".join(iter(lambda: sys.stdin.read(1), "\\0")), "END"):
    exec(compile(cell, "cell", "exec"), names)
    print("done", file=sys.stderr, flush=True)
"""
HEAD = """set -euo pipefail
cd {folder}
mkfifo "$WORK/cells" "$WORK/done"
{python} -u -c {interpreter} < "$WORK/cells" > /dev/null 2> "$WORK/done" & bare=$!
exec 8> "$WORK/cells" 9< "$WORK/done"
python_cell() {{ printf '%s\\0' "$1" >&8; local word; read -r word <&9; [ "$word" = done ]; }}
shell_cell() {{
  local code=0
  bash -euo pipefail -c "$2" > /dev/null 2>&1 < /dev/null || code=$?
  [ "$code" = "$1" ]
}}
"""
TAIL = """
printf 'END\\0' >&8; exec 8>&-; wait "$bare"
"""


def script(notebook: Path, python: str) -> str:
    """The bash script that runs the chapter's commands; $WORK names an empty folder for its pipes."""
    head = HEAD.format(
        folder=shlex.quote(str(notebook.parent)),
        python=shlex.quote(python),
        interpreter=shlex.quote(INTERPRETER),
    )
    cells = [cell for cell in labs.read(notebook)["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells if (line := _line(labs.source(cell)))]
    if not any(line.startswith("shell_cell") for line in lines):
        raise ValueError(f"{notebook} has no shell cell: there is no floor to measure")
    return head + "\n".join(lines) + TAIL


def _line(source: str) -> str:
    first, _, body = source.partition("\n")
    if first.startswith("%%shell"):
        expected = re.search(r"--expect (\d+)", first)
        return f"shell_cell {expected[1] if expected else 0} {shlex.quote(body)}"
    # What the lesson adds is what the chapter costs above its floor.
    kept = re.sub(r"^lesson\.\w+\(.*\)$", "", source, flags=re.MULTILINE).replace(
        "import lesson, ", "import "
    )
    return f"python_cell {shlex.quote(kept)}" if kept.strip() else ""


def environment() -> dict[str, str]:
    """What the chapter's own shell cells get."""
    return shell.QUIET_TOOLS
