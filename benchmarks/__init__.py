"""How fast the course is, against the bare docker commands; raw rows are kept with machine and commit.

What is run for it leaves your own record of the course alone.
"""

import atexit
import os
import tempfile

_folder = tempfile.TemporaryDirectory(prefix="course-benchmark-", ignore_cleanup_errors=True)
os.environ["COURSE_RECORD"] = os.path.join(_folder.name, "progress.jsonl")  # noqa: PTH118
atexit.register(_folder.cleanup)
