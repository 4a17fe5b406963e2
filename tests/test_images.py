"""Each image of the kit says and holds what the official image of its name does, as the course needs it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest
from image_runs import have, says

from course import kit


@dataclass(frozen=True)
class Promise:
    """What `docker inspect` must say of image *tag*, and what is found in it."""

    tag: str
    version: tuple[str, str]  # the question, and a pattern of the answer: the tag must not lie
    cmd: list[str] | None
    entrypoint: list[str] | None = None
    env: dict[str, str] = field(default_factory=dict)  # name → pattern of the value
    ports: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    workdir: str = "/"
    stop_signal: str | None = None
    user: str = ""
    has: str = ""  # programs that a learner will look for and find
    lacks: str = ""  # programs whose absence the course teaches
    shell: bool = True  # some images are one program and no shell


PROMISES = (
    # Hub, busybox: CMD ["sh"]; one program under many names.
    Promise(
        "busybox:1.37",
        ("busybox | head -n 1", r"BusyBox v1\.37\."),
        cmd=["sh"],
        has="ash awk cat date dd df env find grep head hostname httpd id ifconfig ip kill ls mount nc "
        "netstat nslookup ping ps sed sh sleep sort stat tail tar tee telnet top touch traceroute vi wget",
        lacks="bash curl apt-get",
    ),
    # Hub, debian: CMD ["bash"]; "slim" leaves out manuals and documents.
    Promise(
        "debian:trixie-slim",
        (". /etc/os-release; echo $VERSION_CODENAME", "trixie$"),
        cmd=["bash"],
        has="apt-get bash dpkg perl",
        lacks="curl ip ping ps vi wget",
    ),
    # Hub, nginx: CMD nginx -g "daemon off;", EXPOSE 80, STOPSIGNAL SIGQUIT, scripts in /docker-entrypoint.d.
    Promise(
        "nginx:1.26",
        ("nginx -v 2>&1", r".*nginx/1\.26\."),
        cmd=["nginx", "-g", "daemon off;"],
        entrypoint=["/docker-entrypoint.sh"],
        env={"NGINX_VERSION": r"1\.26\."},
        ports=frozenset({"80/tcp"}),
        stop_signal="SIGQUIT",
        has="bash curl envsubst",
        lacks="ip ping ps ss vi",
    ),
    # Hub, redis: VOLUME and WORKDIR /data, EXPOSE 6379, an entrypoint that drops root.
    Promise(
        "redis:8.0",
        ("redis-server --version", r".*v=8\.0\."),
        cmd=["redis-server"],
        entrypoint=["docker-entrypoint.sh"],
        ports=frozenset({"6379/tcp"}),
        volumes=frozenset({"/data"}),
        workdir="/data",
        has="bash redis-cli redis-benchmark",
        lacks="curl ping ps",
    ),
    # Hub, postgres: data in PGDATA, EXPOSE 5432, STOPSIGNAL SIGINT (fast shutdown).
    Promise(
        "postgres:17",
        ("postgres --version", r"postgres \(PostgreSQL\) 17\."),
        cmd=["postgres"],
        entrypoint=["docker-entrypoint.sh"],
        env={"PG_MAJOR": "17$", "PGDATA": "/var/lib/postgresql/data$", "LANG": r"en_US\.utf8$"},
        ports=frozenset({"5432/tcp"}),
        volumes=frozenset({"/var/lib/postgresql/data"}),
        stop_signal="SIGINT",
        has="bash initdb pg_dump pg_isready psql",
    ),
    # Hub, node: ENTRYPOINT docker-entrypoint.sh, CMD ["node"]; slim lacks build tools.
    Promise(
        "node:24-slim",
        ("node --version", r"v24\."),
        cmd=["node"],
        entrypoint=["docker-entrypoint.sh"],
        env={"NODE_VERSION": r"24\."},
        has="bash corepack node nodejs npm npx",
        lacks="curl gcc ps python3",
    ),
    # Hub, python: CMD ["python3"]; python, python3 and pip in /usr/local/bin, UTF-8.
    Promise(
        "python:3.13-slim",
        ("python --version", r"Python 3\.13\."),
        cmd=["python3"],
        env={"PYTHON_VERSION": r"3\.13\.", "PATH": "/usr/local/bin:|.*:/usr/local/bin:"},
        has="bash pip pip3 pydoc python python3 python3.13",
        lacks="curl gcc ps",
    ),
    # Hub, registry: CMD is the path of its configuration, EXPOSE 5000, VOLUME /var/lib/registry.
    Promise(
        "registry:2",
        ("registry --version", r".* v?2\.8\."),
        cmd=["/etc/docker/registry/config.yml"],
        entrypoint=["/entrypoint.sh"],
        ports=frozenset({"5000/tcp"}),
        volumes=frozenset({"/var/lib/registry"}),
        has="registry",
    ),
    # Hub, hadolint: one static program on scratch, which reads a Dockerfile from its standard input.
    Promise(
        "hadolint/hadolint:v2.14.0",
        ("/bin/hadolint --version", r"Haskell Dockerfile Linter 2\.14\.0"),
        cmd=["/bin/hadolint", "-"],
        shell=False,
    ),
    # Not on the Hub: what chapter 06 looks at a host's network with.
    Promise(
        "course/tools:1",
        ("ip -V", "ip utility, iproute2"),
        cmd=["bash"],
        has="bridge curl ip iptables iptables-legacy iptables-nft lsof nc nft ps ss sysctl tcpdump top",
    ),
    # Not on the Hub: the virtual machine of chapter 02.
    Promise(
        "course/vm:1",
        ("qemu-system-aarch64 --version", r"QEMU emulator version 10\."),
        cmd=["emulated"],
        entrypoint=["start-vm"],
        ports=frozenset({"8080/tcp"}),
        has="bash qemu-system-aarch64 start-vm",
        lacks="curl ip ps qemu-system-arm qemu-system-i386",
    ),
    # Not on the Hub: a whole Debian, of which a container runs the web server alone.
    Promise(
        "course/server:1",
        ("systemctl --version | head -n 1", r"systemd 257 "),
        cmd=["nginx", "-g", "daemon off;"],
        ports=frozenset({"80/tcp"}),
        stop_signal="SIGQUIT",
        has="bash cron dbus-daemon ip mke2fs nginx ps systemctl systemd-analyze udevadm",
        lacks="curl vi",
    ),
    # Not on the Hub: the same files as the disk of the virtual machine.
    Promise(
        "course/server-vm:1",
        ("qemu-system-aarch64 --version", r"QEMU emulator version 10\."),
        cmd=["emulated"],
        entrypoint=["start-vm"],
        env={"GUEST": "own$", "GUEST_PORT": "80$", "MEMORY_MIB": "384$"},
        ports=frozenset({"8080/tcp"}),
        has="bash qemu-system-aarch64 start-vm",
        lacks="curl ip nginx ps systemctl",
    ),
    # Hub, mongo: an entrypoint that makes the root user, CMD ["mongod"], two volumes, EXPOSE 27017.
    Promise(
        "mongo:8.0",
        ("mongod --version", r"db version v8\.0"),
        cmd=["mongod"],
        entrypoint=["docker-entrypoint.sh"],
        env={"MONGO_MAJOR": r"8\.0$"},
        ports=frozenset({"27017/tcp"}),
        volumes=frozenset({"/data/db", "/data/configdb"}),
        has="bash mongod mongosh",
        lacks="curl",
    ),
    # Hub, mongo-express: ENTRYPOINT tini and a script, EXPOSE 8081, admin rights as its variables say.
    Promise(
        "mongo-express:1.0",
        ("node --version", r"v24\."),
        cmd=["mongo-express"],
        entrypoint=["tini", "--", "docker-entrypoint.sh"],
        env={"ME_CONFIG_MONGODB_URL": "mongodb://mongo:27017$", "VCAP_APP_HOST": r"0\.0\.0\.0$"},
        ports=frozenset({"8081/tcp"}),
        workdir="/opt/node_modules/mongo-express",
        has="bash node tini",
    ),
    # Not on the Hub: nginx with the packages of the demo project.
    Promise(
        "course/npm:1",
        ("nginx -v 2>&1", r".*nginx/1\.26\."),
        cmd=["nginx", "-g", "daemon off;"],
        entrypoint=["/docker-entrypoint.sh"],
        ports=frozenset({"80/tcp", "4873/tcp"}),
        stop_signal="SIGQUIT",
        has="bash nginx",
        lacks="npm",
    ),
    # Not on the Hub: ECR's API in front of a registry; it needs no rights, so it isn't root.
    Promise(
        "course/ecr:1",
        ("registry --version", r".* v?2\.8\."),
        cmd=["python3", "-m", "front"],
        ports=frozenset({"5000/tcp"}),
        volumes=frozenset({"/var/lib/ecr"}),
        user="ecr",
        has="bash ecr-clock python3 registry",
        lacks="aws curl",
    ),
    # Not on the Hub: a second engine. Like the Hub's docker:dind it keeps its data in a volume.
    Promise(
        "course/engine:1",
        ("docker --version", "Docker version 2"),
        cmd=None,
        entrypoint=["start-engine"],
        ports=frozenset({"2376/tcp"}),
        volumes=frozenset({"/var/lib/docker"}),
        has="containerd docker dockerd ip iptables make-certificates openssl ps runc tini",
        lacks="curl",
    ),
    # Not on the Hub: the machines of a pipeline, on the second engine.
    Promise(
        "course/ci:1",
        ("git --version", r"git version 2\."),
        cmd=None,
        entrypoint=["start-machine"],
        ports=frozenset({"22/tcp", "2376/tcp", "9418/tcp"}),
        volumes=frozenset({"/var/lib/docker"}),
        has="aws bash curl docker dockerd git python3 socat ssh ssh-keygen sshd start-engine",
        lacks="pip",
    ),
)


@pytest.fixture(params=PROMISES, ids=lambda promise: promise.tag)
def promise(request: pytest.FixtureRequest) -> Promise:
    """Each row of the table."""
    promise: Promise = request.param
    return promise


@pytest.fixture(params=[row for row in PROMISES if row.shell], ids=lambda promise: promise.tag)
def with_shell(request: pytest.FixtureRequest) -> Promise:
    """Each row of an image in which one can look around."""
    promise: Promise = request.param
    return promise


def test_the_table_has_a_row_for_every_image() -> None:
    """Every image of the kit is looked at, so that a new one can't come in unseen.

    The one that no chapter uses is the grader's machine, which tests/test_grade.py puts to work.
    """
    others = {image.tag for image in kit.manifest().images if not image.chapters}
    assert others == {"course/grader:1"}
    assert {row.tag for row in PROMISES} == {image.tag for image in kit.manifest().images} - others


def test_inspect_says_what_the_official_image_says(promise: Promise) -> None:
    """Command, entrypoint, ports, volumes, folder, stop signal and variables are the official image's."""
    config = have(promise.tag).attrs["Config"]
    seen = {
        "cmd": config.get("Cmd"),
        "entrypoint": config.get("Entrypoint"),
        "ports": frozenset(config.get("ExposedPorts") or {}),
        "volumes": frozenset(config.get("Volumes") or {}),
        "workdir": config.get("WorkingDir") or "/",
        "stop_signal": config.get("StopSignal"),
        "user": config.get("User") or "",
        "healthcheck": config.get("Healthcheck"),
    }
    assert seen == {name: getattr(promise, name) for name in list(seen)[:7]} | {
        "healthcheck": None,
    }
    env = dict(pair.split("=", 1) for pair in config["Env"])
    assert {
        name: bool(re.match(value, env.get(name, ""))) for name, value in promise.env.items()
    } == dict.fromkeys(promise.env, True)


def test_the_tag_is_what_the_program_says_of_itself(promise: Promise) -> None:
    """The version in the tag is the one that runs."""
    question, answer = promise.version
    command = ["sh", "-c", question] if promise.shell else question.split()
    assert re.match(answer, says(promise.tag, *command))


def test_programs_are_there_or_missing_as_officially(with_shell: Promise) -> None:
    """A learner finds the programs the official image has, and misses the ones it lacks."""
    ask = 'for name; do command -v "$name" >/dev/null && echo "$name"; done; true'
    words = (with_shell.has + " " + with_shell.lacks).split()
    assert words, "nothing to look for"
    assert says(with_shell.tag, "sh", "-c", ask, "sh", *words).split() == with_shell.has.split()


def test_no_package_lists_are_carried_along(with_shell: Promise) -> None:
    """No apt lists, package files or leftovers of the building weigh on the image."""
    look = "find /var/lib/apt/lists /var/cache/apt /tmp -type f -size +4k 2>/dev/null; true"
    assert says(with_shell.tag, "sh", "-c", look, entrypoint=[]) == ""
