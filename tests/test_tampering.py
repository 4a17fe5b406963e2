"""Attacks on the grader, each made for real in a private engine: none earns, sees or leaves anything.

Each file of tests/attacks is one. All are graded in one run, as a class would be, and looked at afterwards.
docs/grading-threats.md says where each is stopped.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict
from pathlib import Path

import docker
import pytest
import tampering
from docker.errors import APIError
from tampering import Trials

from course import engine, labs, ledger
from course.grade import engines, policy, private

pytestmark = pytest.mark.long
ATTACKS = tampering.attacks()
NAMES = {attack.name: attack for attack in ATTACKS}
CANARIES = "course-canary-*"
# What an attack makes is called so, on whichever engine it makes it.
OURS = "tamper-"


@pytest.fixture(scope="module")
def trials(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trials:
    """The attacks that the selected tests ask for, graded; a file of the host's holds the right answer."""
    answer = tmp_path_factory.mktemp("host") / "inner-port.txt"
    answer.write_text("80")
    made = Trials(answer=str(answer))
    made.run([attack for attack in ATTACKS if attack.name in _wanted(request)])
    return made


def _wanted(request: pytest.FixtureRequest) -> set[str]:
    """The names that tests of this run are about; all, where one is about all."""
    here = [item for item in request.session.items if isinstance(item, pytest.Function)]
    asked = [item for item in here if "trials" in item.fixturenames]
    names = {str(item.callspec.params["name"]) for item in asked if hasattr(item, "callspec")}
    return names if all(hasattr(item, "callspec") for item in asked) else set(NAMES)


def test_there_are_attacks() -> None:
    """A folder that was moved or emptied would prove nothing."""
    assert len(ATTACKS) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_earns_nothing(trials: Trials, name: str) -> None:
    """No point, in the state that was expected, with every check that counts looked at."""
    result, attack = trials.results[name], NAMES[name]
    assert result.earned == 0, result
    assert result.state in attack.expect, result
    assert result.state == "error" or len(result.checks) == 3


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_was_made_and_got_nowhere(trials: Trials, name: str) -> None:
    """Its output has the words that prove that it ran, and none that prove that it got in."""
    attack, watch = NAMES[name], trials.watches[name]
    if attack.expect == ("graded",):
        assert watch.runs[0].end == (attack.ends or watch.runs[0].end)
        assert [words for words in attack.shows if words not in watch.output] == [], watch.output
    assert [words for words in attack.hides if words in watch.output] == [], watch.output


@pytest.mark.parametrize("name", NAMES)
def test_no_process_outlives_its_cells(trials: Trials, name: str) -> None:
    """When the judge begins, nothing of the learner's code runs any more."""
    assert trials.watches[name].outlived == []


@pytest.mark.parametrize("name", NAMES)
def test_the_nonce_is_made_late_and_never_seen(trials: Trials, name: str) -> None:
    """It is made after the last cell, and stands neither in what cells printed nor in what is kept."""
    watch = trials.watches[name]
    kept = str(asdict(trials.results[name])) + watch.output
    assert watch.early == []
    assert NAMES[name].expect != ("graded",) or watch.nonces
    assert [nonce for nonce in watch.nonces if nonce in kept] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_of_a_submission_is_small(trials: Trials, name: str) -> None:
    """Each cell is kept at most once, and little of what it said."""
    assert len(trials.results[name].cells) <= 3
    assert len(str(asdict(trials.results[name]))) < 50_000


def test_a_neighbours_secret_is_seen_by_nobody_else(trials: Trials) -> None:
    """Two ran at once; what one wrote, served and named turned up only in its own output."""
    seen = {name for name, watch in trials.watches.items() if trials.secret in watch.output}
    assert seen == {"neighbour-keeps"}


def test_nothing_is_left_of_a_run(trials: Trials) -> None:
    """No container, no mount, no folder and no process."""
    ours = f"{engines.LABEL}={os.getpid()}"
    folders = f"{engines.FOLDER}{os.getpid()}-"
    assert engine.client().containers.list(all=True, filters={"label": ours}) == []
    assert list(Path(tempfile.gettempdir()).glob(f"{folders}*")) == []
    assert folders not in Path("/proc/self/mountinfo").read_text()
    assert [pid for pid in tampering.learners() if not _in_a_container(pid)] == []


def _in_a_container(pid: int) -> bool:
    """Whether process *pid* belongs to a container that runs: another grader's, on the same machine."""
    try:
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return True  # it ended meanwhile
    return any(str(each.id) in groups for each in engine.client().containers.list())


def test_the_host_is_as_it_was(trials: Trials) -> None:
    """No attack left a file of its own on the host, or a thing on the host's engine."""
    assert list(Path("/tmp").glob(CANARIES)) == []
    found = ledger.snapshot(engine.client())
    names = [each.name for kind in (found.containers, found.networks, found.volumes) for each in kind]
    tags = [tag for image in found.images for tag in image.references]
    assert [name for name in (*names, *tags) if name.startswith(OURS)] == []


def test_after_the_cells_the_engine_hears_only_the_judge() -> None:
    """A line to the engine that somebody kept is of no use once the seal is closed; the judge's still is."""
    lab = labs.find(tampering.LAB)
    with engines.started(private.prepared(lab)) as made:
        other = docker.DockerClient(base_url=f"unix://{made.socket}")
        assert other.containers.list() == []
        made.seal.close()
        with pytest.raises(APIError, match="time of this submission is over"):
            other.containers.list()
        assert made.docker.containers.list() == []
        other.api.headers[policy.KEY_HEADER] = "0" * 32
        with pytest.raises(APIError, match="time of this submission is over"):
            other.containers.list()


def test_an_impostor_on_the_judges_socket_is_found_out() -> None:
    """Another process that listens in the engine's place is spoken to no further than to see who it is."""
    from impostor import in_place_of

    lab = labs.find(tampering.LAB)
    with engines.started(private.prepared(lab)) as made:
        made.docker.close()
        with in_place_of(made.socket) as asked:
            with pytest.raises(Exception, match="answers in place of the engine"):
                made.docker.ping()
            assert asked == []


def test_attacks_are_told_apart() -> None:
    """Each says why in a sentence of its own."""
    whys = [attack.why for attack in ATTACKS]
    assert len(set(whys)) == len(whys)
    assert all(why.endswith(".") for why in whys)


def test_answers_name_cells_of_the_lab() -> None:
    """An answer to a cell that the lab doesn't have would never run."""
    known = set(labs.answers(labs.find(tampering.LAB).notebook))
    assert all(set(attack.answers) <= known for attack in ATTACKS)
