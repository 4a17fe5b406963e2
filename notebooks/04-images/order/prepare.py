"""Stands in for `pip install`: slow, and it depends on deps.txt alone."""

import compileall
from pathlib import Path

for name in Path("deps.txt").read_text().split():
    lines = (
        f"def {name}_{number}(a, b):\n    return [a * {number}, {{'b': b}}]\n" for number in range(10000)
    )
    Path(f"{name}.py").write_text("".join(lines))
compileall.compile_dir(".", quiet=1)
