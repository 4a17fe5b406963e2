"""A small CI runner: POST /COMMIT takes that commit through the stages; the answer is the log as it grows."""

import contextlib
import csv
import os
import re
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SOURCE = os.environ.get("SOURCE", "git://git/profile.git")
KEY = dict(line.split("=", 1) for line in Path("/run/secrets/registry-key").read_text().split())
# Which stage may know which secrets: build and test run what anybody wrote, so they get none.
STAGES = {"build": {}, "test": {}, "push": KEY, "deploy": KEY, "smoke": {}}
RUNS = Path("/srv/runs")
one_at_a_time = threading.Lock()


class Run(BaseHTTPRequestHandler):
    """One request, which is one run."""

    def do_POST(self):
        """Take the commit in the path through the pipeline, when it is its turn."""
        self.commit = self.path.strip("/")
        if not re.fullmatch("[0-9a-f]{40}", self.commit):
            self.send_error(400, "not a commit")
            return
        self.send_response(200)
        self.end_headers()
        if one_at_a_time.locked():
            self.say("another run is under way: waiting for its end")
        with one_at_a_time, tempfile.TemporaryDirectory() as folder:
            self.say(self.pipeline(folder))

    def pipeline(self, folder):
        """Run stage after stage in a fresh clone until one fails; gives the verdict."""
        self.began = time.monotonic()
        clone = f"git clone --quiet {SOURCE} . && git checkout --quiet {self.commit}"
        if self.step("checkout", folder, ["bash", "-c", clone], {}):
            return "✗ there is no such commit"
        for stage, secrets in STAGES.items():
            if self.step(stage, folder, [f"pipeline/{stage}.sh"], secrets):
                if stage in ("deploy", "smoke"):
                    self.step("rollback", folder, ["pipeline/rollback.sh"], {})
                return f"✗ stopped at {stage}"
        return "✓ delivered"

    def step(self, stage, folder, command, secrets):
        """Run one command, say what it says, note its times; gives its exit code."""
        self.say(f"── {stage}")
        start = time.monotonic()
        with subprocess.Popen(
            command, cwd=folder, env={**os.environ, **secrets}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as running:  # fmt: skip
            for line in running.stdout:
                self.say(line.rstrip())
        times = [round(1000 * (moment - self.began)) for moment in (start, time.monotonic())]
        with (RUNS / "times.csv").open("a") as file:
            csv.writer(file).writerow([self.commit, stage, *times, running.returncode])
        return running.returncode

    def say(self, line):
        """Add a line to the log and to the answer, without the values of the key."""
        for value in KEY.values():
            line = line.replace(value, "***")
        with (RUNS / f"{self.commit}.log").open("a") as file:
            print(line, file=file)
        with contextlib.suppress(OSError):  # whoever asked may have gone; the run goes on
            self.wfile.write(f"{line}\n".encode())


if __name__ == "__main__":
    RUNS.mkdir(exist_ok=True)
    ThreadingHTTPServer(("", 8000), Run).serve_forever()
