"""One pipeline in three dialects: the same scripts, order and secrets in each, and every step runs."""

from __future__ import annotations

import ast
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jenkinsfile
import pandas as pd
import pytest
import workflow_rules

from benchmarks import pipeline
from course import kit, plots

DEMO, CHAPTER = pipeline.DEMO, pipeline.CHAPTER
TEXT = (DEMO / "Jenkinsfile").read_text(encoding="utf-8")
JENKINS = jenkinsfile.read(TEXT)
GITHUB = workflow_rules.read(DEMO / ".github" / "workflows" / "deliver.yml")
STEPS: list[dict[str, Any]] = GITHUB.jobs["deliver"]["steps"]
SCRIPTS = sorted((DEMO / "pipeline").glob("*.sh"))
STAGES = ["build", "test", "push", "deploy", "smoke"]
AWS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


# The files


def runner() -> dict[str, bool]:
    """The stages of the chapter's runner in their order, and whether each gets the registry's key."""
    tree = ast.parse((CHAPTER / "runner.py").read_text(encoding="utf-8"))
    value = next(
        node.value for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "STAGES"
    )  # fmt: skip
    assert isinstance(value, ast.Dict)
    return {
        ast.literal_eval(name): ast.unparse(secrets) == "KEY"
        for name, secrets in zip(value.keys, value.values, strict=True)
        if name is not None
    }


def test_all_three_run_the_same_scripts_in_the_same_order() -> None:
    """Each stage is one script of its name, and nothing else; a rollback stands behind deploy and smoke."""
    assert [stage.name for stage in JENKINS.stages] == STAGES
    assert [stage.steps for stage in JENKINS.stages] == [[f"pipeline/{name}.sh"] for name in STAGES]
    back = {stage.name: stage.unsuccessful for stage in JENKINS.stages if stage.unsuccessful}
    assert back == {name: ["pipeline/rollback.sh"] for name in ("deploy", "smoke")}
    named = [(step["name"], step["run"]) for step in STEPS if "run" in step and step["name"] != "key"]
    assert named == [(name, f"pipeline/{name}.sh") for name in (*STAGES, "rollback")]
    assert "steps.deploy.outcome != 'skipped'" in STEPS[-1]["if"]
    assert list(runner()) == STAGES


def test_secrets_go_to_the_stages_that_need_them() -> None:
    """Build and test, which run what anybody wrote, get none; the registry's key is for push and deploy."""
    assert {stage.name: set(stage.environment) for stage in JENKINS.stages} == {
        "build": set(), "test": set(), "push": AWS, "deploy": AWS | {"DEPLOY_KEY"}, "smoke": {"DEPLOY_KEY"},
    }  # fmt: skip
    assert all(v.startswith("credentials ") for stage in JENKINS.stages for v in stage.environment.values())
    given = {step["name"]: set(step.get("env", {})) for step in STEPS if "run" in step}
    assert given == {name: AWS if name in ("push", "deploy") else set() for name in (*STAGES, "rollback")} | {
        "key": {"KEY"}
    }
    secrets = [value for step in STEPS for value in step.get("env", {}).values()]
    assert all(re.fullmatch(r"\$\{\{ secrets\.[A-Z_]+ \}\}", value) for value in secrets)
    assert "secrets." not in str({key: GITHUB.content[key] for key in GITHUB.content if key != "jobs"})
    names = [step["name"] for step in STEPS if "run" in step]
    assert names.index("push") < names.index("key") < names.index("deploy"), "the file comes late"
    assert runner() == {name: name in ("push", "deploy") for name in STAGES}


def test_what_is_not_secret_is_the_same_in_both() -> None:
    """Settings stand in the files, and are equal; both let one delivery run at a time, with a limit."""
    assert JENKINS.environment == GITHUB.content["env"]
    assert JENKINS.options == ["disableConcurrentBuilds()", "timeout(time : 20 , unit : 'MINUTES')"]
    assert GITHUB.content["concurrency"] == {"group": "deliver", "cancel-in-progress": False}
    assert GITHUB.jobs["deliver"]["timeout-minutes"] == 20
    room = (CHAPTER / "room.yaml").read_text(encoding="utf-8")
    assert {name for name in JENKINS.environment if f"{name}: " not in room} == set()


@pytest.mark.parametrize(
    "rule",
    [
        workflow_rules.has_jobs_that_end,
        workflow_rules.states_its_rights,
        workflow_rules.is_started_by_nothing_dangerous,
        workflow_rules.pins_actions_as_the_course_does,
        workflow_rules.leaves_no_credentials,
        workflow_rules.puts_no_text_into_a_script,
        workflow_rules.stops_in_a_pipe,
    ],
    ids=lambda rule: str(rule.__name__),
)
def test_the_workflow_keeps_the_courses_rules(rule: workflow_rules.Rule) -> None:
    """All but those about grading, for it isn't the course's; it may know secrets, and says where."""
    assert rule(GITHUB) == []
    assert "It has not been tried on GitHub." in GITHUB.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("steps { sh 'pipeline/test.sh' }", "steps { sh pipeline/test.sh }"),
        ("steps { sh 'pipeline/test.sh' }", ""),
        ("steps { sh 'pipeline/test.sh' }", "steps { }"),
        ("steps { sh 'pipeline/test.sh' }", "steps { sh 'pipeline/test.sh'"),
        ("stage('test') {", "stage('test')"),
        ("stages {", "stages { }"),
        ("agent any", ""),
        ("post { unsuccessful", "post { sometimes"),
        ("disableConcurrentBuilds()", "disableConcurrentBuild()"),
        ("credentials('deploy-key')", "credentials('deploy-key'"),
        ("    stages {", "    stages {}\n    stages {"),
        ("steps { sh 'pipeline/build.sh' }", "sh 'pipeline/build.sh'"),
    ],
)
def test_a_broken_jenkinsfile_is_seen(old: str, new: str) -> None:
    """What Jenkins would refuse, the reader refuses."""
    assert old in TEXT
    with pytest.raises(jenkinsfile.Fault):
        jenkinsfile.read(TEXT.replace(old, new, 1))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: str(script.name))
def test_a_script_may_be_run_and_stops_at_its_first_fault(script: Path) -> None:
    """It is executable, bash can read it, line two says what it does, and line three is set -euo pipefail."""
    assert script.stat().st_mode & stat.S_IXUSR
    first, second, third, *_ = script.read_text(encoding="utf-8").splitlines()
    assert (first, second[:2], third) == ("#!/usr/bin/env bash", "# ", "set -euo pipefail")
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_every_script_is_called_by_somebody() -> None:
    """A stage, or a script of a stage, calls each; nothing lies there that nobody runs."""
    called = set(re.findall(r"pipeline/([\w-]+\.sh)", TEXT + "".join(s.read_text() for s in SCRIPTS)))
    assert called == {script.name for script in SCRIPTS}


def test_stages_are_drawn_with_those_that_never_began_left_out() -> None:
    """A bar for each row; a stage without a time leaves no part."""
    table = pd.DataFrame({"build": [1.0, 2.0], "push": [3.0, None]}, index=["push 1", "push 2"])
    picture = plots.stages(table, "The second push stopped early.")
    bars = [bar for held in picture.figure.axes[0].containers for bar in held]
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, 1), (0, 2), (1, 3)]
    assert picture.png.startswith(b"\x89PNG") and picture.finding == "The second push stopped early."


# The steps, run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pipeline.Room]:
    """The machines of chapter 14 with the small page of its second notebook."""
    kit.ensure(["course/ci:1", "course/ecr:1", "busybox:1.37"])
    project = tmp_path_factory.mktemp("pipeline") / "page"
    shutil.copytree(CHAPTER / "small", project)
    for name in ("build", "push", "deploy", "on-server", "rollback"):
        shutil.copy(DEMO / "pipeline" / f"{name}.sh", project / "pipeline")
    with pipeline.room(project, {"runner": "busybox:1.37"}) as found:
        yield found


def checkout(room: pipeline.Room, commit: str) -> None:
    """A fresh clone in the runner's /work. The commit comes on a branch for which the hook does nothing."""
    room.git("push", "--quiet", "--force", "origin", "HEAD:try")
    clone = (
        f"rm -rf /work && git clone -q git://git/profile.git /work && cd /work && git checkout -q {commit}"
    )
    room.told("runner", "bash", "-c", clone)


def run(room: pipeline.Room, shell: list[str], script: str, env: dict[str, str]) -> tuple[int, str]:
    """One step as its service runs it."""
    return room.inside("runner", *shell, script, environment=env, workdir="/work")


def by_jenkins(room: pipeline.Room, commit: str) -> list[tuple[str, int]]:
    """The Jenkinsfile's steps until one fails, with what Jenkins' safe would give; then its way back."""
    checkout(room, commit)
    safe = {
        "credentials 'registry-key-id'": pipeline.KEY["AWS_ACCESS_KEY_ID"],
        "credentials 'registry-key-secret'": pipeline.KEY["AWS_SECRET_ACCESS_KEY"],
        "credentials 'deploy-key'": pipeline.SETTINGS["DEPLOY_KEY"],
    }
    told = []
    for stage in JENKINS.stages:
        env = {name: safe[value] for name, value in stage.environment.items()}
        for step in stage.steps:
            code, text = run(room, ["sh", "-xec"], step, env)
            told.append((step, code))
            assert pipeline.KEY["AWS_SECRET_ACCESS_KEY"] not in text
        if code:
            told += [(step, run(room, ["sh", "-xec"], step, env)[0]) for step in stage.unsuccessful]
            break
    return told


def by_github(room: pipeline.Room, commit: str) -> list[tuple[str, int]]:
    """The workflow's steps as GitHub runs them with `shell: bash`, with its variables and conditions."""
    checkout(room, commit)
    room.told("runner", "bash", "-c", "rm -rf /tmp/run && mkdir /tmp/run && touch /tmp/run/env")
    private = room.told("runner", "cat", pipeline.SETTINGS["DEPLOY_KEY"])
    secrets = {
        "REGISTRY_KEY_ID": pipeline.KEY["AWS_ACCESS_KEY_ID"],
        "REGISTRY_KEY_SECRET": pipeline.KEY["AWS_SECRET_ACCESS_KEY"],
        "DEPLOY_KEY": private.strip(),
    }
    told: list[tuple[str, int]] = []
    for step in STEPS[1:]:
        failed, deployed = any(code for _, code in told), any("deploy" in name for name, _ in told)
        if (failed and "if" not in step) or ("if" in step and not (failed and deployed)):
            continue
        env = {"RUNNER_TEMP": "/tmp/run", "GITHUB_ENV": "/tmp/run/env", "DEPLOY_KEY": ""}  # noqa: S108
        env |= dict(line.split("=", 1) for line in room.told("runner", "cat", "/tmp/run/env").split())  # noqa: S108
        env |= {name: secrets[value[12:-3]] for name, value in step.get("env", {}).items()}
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
        code, text = run(room, shell, step["run"], env)
        told.append((step["run"] if step["name"] != "key" else "key", code))
        assert pipeline.KEY["AWS_SECRET_ACCESS_KEY"] not in text
    return told


def test_every_step_of_the_jenkinsfile_runs(made: pipeline.Room) -> None:
    """A good commit is delivered, and one whose page lacks its version is taken back."""
    good = made.commit("good")
    assert by_jenkins(made, good) == [(f"pipeline/{name}.sh", 0) for name in STAGES]
    assert made.answer("/version").strip() == good
    bad = made.commit("bad smoke", "Dockerfile", '"$APP_VERSION" >', "nothing >")
    steps = by_jenkins(made, bad)
    assert [name for name, _ in steps] == [f"pipeline/{name}.sh" for name in (*STAGES, "rollback")]
    assert [code == 0 for _, code in steps] == [True, True, True, True, False, True]
    assert made.answer("/version").strip() == good
    assert made.tags() == {good, bad}
    made.git("revert", "--no-edit", "HEAD")


def test_every_step_of_the_workflow_runs(made: pipeline.Room) -> None:
    """The same; a commit that fails its test is not in the registry, and nothing is rolled back for it."""
    before = made.tags()
    good = made.commit("good", "www/index.html", "9 to 5", "9 to 6")
    wanted = [f"pipeline/{name}.sh" for name in STAGES]
    assert by_github(made, good) == [(name, 0) for name in (*wanted[:3], "key", *wanted[3:])]
    mode = made.told("runner", "stat", "--format", "%a", "/tmp/run/deploy-key")  # noqa: S108
    assert mode.strip() == "600"
    assert made.answer("/version").strip() == good
    bad = made.commit("bad test", "www/index.html", "h1>", "h2>")
    assert [(name, code == 0) for name, code in by_github(made, bad)] == [
        ("pipeline/build.sh", True), ("pipeline/test.sh", False),
    ]  # fmt: skip
    assert made.answer("/version").strip() == good
    assert good in made.tags() and bad not in made.tags() and before <= made.tags()
    made.git("revert", "--no-edit", "HEAD")


def test_another_image_under_the_commits_tag_is_not_deployed(made: pipeline.Room) -> None:
    """Where the registry has something else for the commit than what was tested, the push stage fails."""
    commit = made.commit("twice", "www/index.html", "9 to", "8 to")
    assert made.push().endswith("✓ delivered")
    checkout(made, commit)
    code, text = run(made, ["bash", "-c"], "pipeline/push.sh", pipeline.KEY)
    assert code == 0, f"the same image once more is no fault: {text}"
    name = f"profile:{commit}"
    other = f"echo 'FROM {name}\nLABEL other=yes' | docker build --quiet --tag {name} -"
    made.told("runner", "bash", "-c", other)
    code, text = run(made, ["bash", "-c"], "pipeline/push.sh", pipeline.KEY)
    assert code != 0 and "immutable" in text, text
    login = made.told("runner", "bash", "-c", "cat /root/.docker/config.json")
    assert '"auth"' not in login, "the login is gone, also after a failure"


def test_a_first_version_that_fails_leaves_nothing_running(made: pipeline.Room) -> None:
    """There is nothing to go back to, so the app goes; its data would stay."""
    made.told("server", "bash", "-c", "cd /srv/profile && docker compose down && rm -rf good")
    bad = made.commit("bad smoke", "Dockerfile", '"$APP_VERSION" >', "nothing >")
    log = made.push()
    assert log.endswith("✗ stopped at smoke"), log
    assert bad in made.tags()
    assert made.told("server", "docker", "ps", "--all", "--quiet") == ""
    made.git("revert", "--no-edit", "HEAD")


def test_the_runner_takes_commits_only_and_masks_what_it_knows(made: pipeline.Room) -> None:
    """Anything but 40 hex digits is refused, an unknown commit ends at the checkout, a printed key is ***."""
    ask = "curl --silent --request POST http://runner:8000/"
    assert "not a commit" in made.told("git", *(ask + "$(id)").split())
    assert made.told("git", *(ask + "0" * 40).split()).strip().endswith("✗ there is no such commit")
    made.commit(
        "leak", "pipeline/push.sh", "set -euo pipefail", 'set -euo pipefail\necho "$AWS_SECRET_ACCESS_KEY"'
    )
    log = made.push()
    assert "\n***\n" in log and pipeline.KEY["AWS_SECRET_ACCESS_KEY"] not in log
    made.commit("look", "pipeline/build.sh", "set -euo pipefail", "set -euo pipefail\nenv")
    assert "AWS_SECRET" not in made.push()
