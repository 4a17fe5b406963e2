"""What a workflow that hands over or grades a learner's work may do, as rules that give faults in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course.__main__ import parser

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(file for folder in (".github", "docs") for file in (ROOT / folder / "workflows").glob("*.yml"))
# These run in the base repository, with its rights, on the word of somebody who has none.
DANGEROUS = {"pull_request_target", "workflow_run", "issue_comment"}
ACTION = re.compile(r"actions/[a-z-]+@v\d+")
MAKE = re.compile(r"\bmake\b(?: -C (?P<folder>\S+))?(?: (?P<verb>[a-z]+))?(?P<words>(?: [A-Z]+=\S+)*)")
COURSE = re.compile(r"\bpython -m course (\S+)")


@dataclass(frozen=True)
class Workflow:
    """One file, as text and as what it says."""

    text: str
    content: dict[Any, Any]

    @property
    def triggers(self) -> set[str]:
        """What starts it. YAML's old rules read the key `on` as true."""
        found = self.content.get("on", self.content.get(True)) or {}
        return {found} if isinstance(found, str) else set(found)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """Its jobs by name."""
        return self.content.get("jobs") or {}

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every step, with the name of its job."""
        yield from ((name, step) for name, job in self.jobs.items() for step in job.get("steps") or [])

    def uses(self, action: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """What each step that uses *action* gives it, with the name of its job."""
        for name, step in self.steps():
            if _name(str(step.get("uses", ""))) == action:
                yield name, step.get("with") or {}

    def scripts(self) -> Iterator[tuple[str, str]]:
        """Every script, with the name of its job."""
        yield from ((name, step["run"]) for name, step in self.steps() if "run" in step)

    def script(self, job: str, step: str) -> str:
        """The script of the step with this id."""
        return next(str(each["run"]) for name, each in self.steps() if (name, each.get("id")) == (job, step))


Rule = Callable[[Workflow], list[str]]


def parsed(text: str) -> Workflow:
    """The workflow that *text* is."""
    content = yaml.safe_load(text)
    assert isinstance(content, dict), "a workflow is a mapping"
    return Workflow(text, content)


def read(file: Path) -> Workflow:
    """The workflow in *file*."""
    return parsed(file.read_text(encoding="utf-8"))


def has_jobs_that_end(workflow: Workflow) -> list[str]:
    """There are jobs, each with steps and with a limit of time."""
    faults = [f"{name} has no {key}" for name, job in workflow.jobs.items()
              for key in ("steps", "timeout-minutes") if not job.get(key)]  # fmt: skip
    return faults if workflow.jobs else ["it has no jobs"]


def states_its_rights(workflow: Workflow) -> list[str]:
    """The file says at its top what it may do, and neither it nor a job may write anything."""
    granted = {"the top": workflow.content.get("permissions", "nothing said")}
    granted |= {name: job["permissions"] for name, job in workflow.jobs.items() if "permissions" in job}
    return [
        f"{place}: {rights!r}"
        for place, rights in granted.items()
        if not isinstance(rights, dict) or set(rights.values()) - {"read", "none"}
    ]


def is_started_by_nothing_dangerous(workflow: Workflow) -> list[str]:
    """No event starts it that lends a stranger's change the rights of the base repository."""
    return sorted(workflow.triggers & DANGEROUS) if workflow.triggers else ["nothing starts it"]


def knows_no_secret(workflow: Workflow) -> list[str]:
    """No job has a secret or passes a token on: all of them touch what a learner wrote."""
    return re.findall(r"\bsecrets\b\s*[.\[:].*|\bgithub\.token\b|\bGITHUB_TOKEN\b|\btoken:.*", workflow.text)


def pins_actions_as_the_course_does(workflow: Workflow) -> list[str]:
    """Actions are GitHub's own, by their major version, and it is the one that the course's own CI uses."""
    used = [str(step["uses"]) for _, step in workflow.steps() if "uses" in step]
    used += [str(job["uses"]) for job in workflow.jobs.values() if "uses" in job]
    ours = _of_the_course()
    return [use for use in used if not ACTION.fullmatch(use) or ours.get(_name(use), use) != use]


def _of_the_course() -> dict[str, str]:
    files = (ROOT / ".github" / "workflows").glob("*.yml")
    used = [str(step["uses"]) for file in files for _, step in read(file).steps() if "uses" in step]
    return {_name(use): use for use in used}


def _name(use: str) -> str:
    return use.partition("@")[0]


def leaves_no_credentials(workflow: Workflow) -> list[str]:
    """No checkout leaves its token in the clone."""
    return [
        f"{name}: a checkout keeps its token"
        for name, given in workflow.uses("actions/checkout")
        if given.get("persist-credentials") is not False
    ]


def puts_no_text_into_a_script(workflow: Workflow) -> list[str]:
    """Whatever comes from outside reaches a script as a variable: no expression stands in one."""
    return [
        f"{name}: {found}" for name, script in workflow.scripts() for found in re.findall(r"\$\{\{.*", script)
    ]


def stops_in_a_pipe(workflow: Workflow) -> list[str]:
    """Where a script has a pipe or several lines, the shell is named: only then does GitHub set pipefail."""
    shell = ((workflow.content.get("defaults") or {}).get("run") or {}).get("shell")
    needs = [name for name, script in workflow.scripts() if "|" in script or "\n" in script.strip()]
    return needs if shell != "bash" else []


def calls_what_is_there(workflow: Workflow) -> list[str]:
    """Each verb of make and of the course exists, and make knows each word that it is given."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    known = set(re.findall(r"\$\(([A-Z]+)\)", makefile))
    faults = []
    for name, script in workflow.scripts():
        for call in MAKE.finditer(script):
            words = set(re.findall(r"([A-Z]+)=", call["words"]))
            faults += [f"{name}: {call[0]}"] if call["verb"] not in verbs or words - known else []
        faults += [f"{name}: course {verb}" for verb in COURSE.findall(script) if verb not in _verbs()]
    return faults


def _verbs() -> set[str]:
    return {verb for action in parser()._actions for verb in (action.choices or ())}


def grades_with_the_courses_grader(workflow: Workflow) -> list[str]:
    """What grades was checked out by name: without one a checkout takes the repository that runs, a fork."""
    faults = []
    for name, script in workflow.scripts():
        for call in MAKE.finditer(script):
            if call["verb"] == "grade":
                given = [each for job, each in workflow.uses("actions/checkout") if job == name]
                places = [each.get("repository", "") for each in given if each.get("path") == call["folder"]]
                faults += [] if places == ["${{ env.COURSE }}"] else [f"{name}: {call[0]}"]
    return faults


def runs_nothing_of_a_fork(workflow: Workflow) -> list[str]:
    """A job that a learner's push starts runs a script only where the course was checked out by name."""
    if not workflow.triggers & {"push", "pull_request"} or not _grades(workflow):
        return []
    unnamed = {name for name, given in workflow.uses("actions/checkout") if not given.get("repository")}
    return [f"{name}: {script}" for name, script in workflow.scripts() if name in unnamed]


def _grades(workflow: Workflow) -> bool:
    return any(call["verb"] == "grade" for _, script in workflow.scripts() for call in MAKE.finditer(script))


RULES: tuple[Rule, ...] = (
    has_jobs_that_end,
    states_its_rights,
    is_started_by_nothing_dangerous,
    knows_no_secret,
    pins_actions_as_the_course_does,
    leaves_no_credentials,
    puts_no_text_into_a_script,
    stops_in_a_pipe,
    calls_what_is_there,
    grades_with_the_courses_grader,
    runs_nothing_of_a_fork,
)
