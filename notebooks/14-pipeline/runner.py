"""A small CI runner: POST /COMMIT takes that commit through the pipeline, and the answer is the log as it grows."""

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

KEY = dict(line.split("=", 1) for line in Path("/run/secrets/registry-key").read_text().split())
# Which stage may know which secrets: build and test run what anybody wrote, so they get none.
STAGES = {"build": {}, "test": {}, "push": KEY, "deploy": KEY, "smoke": {}, "rollback": {}}
RUNS = Path("/srv/runs")
one_at_a_time = threading.Lock()


class Runner(BaseHTTPRequestHandler):
    def do_POST(self):
        commit = self.path.strip("/")
        if not re.fullmatch("[0-9a-f]{40}", commit):
            return self.send_error(400, "not a commit")
        self.send_response(200)
        self.end_headers()
        if one_at_a_time.locked():
            self.say(commit, "another run is under way: waiting for its end")
        with one_at_a_time, tempfile.TemporaryDirectory() as folder:
            self.say(commit, self.pipeline(commit, folder))

    def pipeline(self, commit, folder):
        self.began = time.monotonic()
        clone = f"git clone --quiet git://git/profile.git . && git checkout --quiet {commit}"
        if self.step(commit, folder, "checkout", ["bash", "-c", clone], {}):
            return "✗ there is no such commit"
        for stage in ("build", "test", "push", "deploy", "smoke"):
            if self.step(commit, folder, stage, [f"pipeline/{stage}.sh"], STAGES[stage]):
                if stage in ("deploy", "smoke"):
                    self.step(commit, folder, "rollback", ["pipeline/rollback.sh"], {})
                return f"✗ stopped at {stage}"
        return "✓ delivered"

    def step(self, commit, folder, stage, command, secrets):
        self.say(commit, f"── {stage}")
        start = time.monotonic()
        with subprocess.Popen(
            command, cwd=folder, env={**os.environ, **secrets}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        ) as running:  # fmt: skip
            for line in running.stdout:
                self.say(commit, line.rstrip())
        times = [round(1000 * (moment - self.began)) for moment in (start, time.monotonic())]
        with (RUNS / "times.csv").open("a") as file:
            csv.writer(file).writerow([commit, stage, *times, running.returncode])
        return running.returncode

    def say(self, commit, line):
        for value in KEY.values():
            line = line.replace(value, "***")
        with (RUNS / f"{commit}.log").open("a") as file:
            print(line, file=file)
        with contextlib.suppress(OSError):  # whoever asked may have gone; the run goes on
            self.wfile.write(f"{line}\n".encode())


if __name__ == "__main__":
    RUNS.mkdir(exist_ok=True)
    ThreadingHTTPServer(("", 8000), Runner).serve_forever()
