"""Who reaches which container, and by which way, read from the running system."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

TOOLS = "course/tools:1"
ANSWER_SECONDS = 3.0


def request_path(container: str, port: int) -> pd.DataFrame:
    """The stations of a request from the host's published port to *container*'s process on *port*.

    One row per *station* (the index): *place* (host or container), *value*, *read_from*. Everything is read
    from the kernel and the engine at this moment, by a helper container on the host's network.
    """
    import pandas as pd

    attributes = _inspect(container)
    process = attributes["State"]["Pid"]
    binding = _binding(attributes, port)
    address = _address(attributes)
    host_port = binding["HostPort"]
    seen = _read(_script(container, process, host_port, port, binding["HostIp"]))
    rows = [
        ("published port", "host", f"{binding['HostIp']}:{host_port}", "docker inspect"),
        ("docker-proxy", "host", f"process {seen['proxy'] or 'none'}", "pgrep -a docker-proxy"),
        ("NAT rule", "host", seen["nat"] or "none", "iptables -t nat -S DOCKER"),
        ("bridge", "host", seen["bridge"] or "none", "bridge link"),
        ("veth", "host", f"{seen['veth']} (index {seen['link']})", "ip link, /sys/class/net/eth0/iflink"),
        ("eth0", "container", address, "docker inspect"),
        ("namespace", "container", seen["namespace"], f"/proc/{process}/ns/net"),
        ("process", "container", f"{seen['command']} (PID {process}), port {port}", "docker inspect, ps"),
    ]
    return pd.DataFrame(rows, columns=["station", "place", "value", "read_from"]).set_index("station")


def _script(container: str, process: int, host_port: str, port: int, host_ip: str) -> str:
    """Shell for the helper container: one `key=value` line for each thing read."""
    link = _run_inside(container, ["cat", "/sys/class/net/eth0/iflink"])[1].strip()
    return f"""
        echo link={link}
        echo "proxy=$(pgrep -f 'docker-proxy.*-host-ip {host_ip} -host-port {host_port} ' | head -n 1)"
        echo "nat=$(iptables -t nat -S DOCKER | grep -- '--dport {host_port} ' | sed 's/.*-j //' | head -n 1)"
        veth=$(ip -o link | sed -n 's/^{link}: \\([^@:]*\\).*/\\1/p')
        echo "veth=$veth"
        echo "bridge=$(bridge link show dev "$veth" | sed -n 's/.* master \\([^ ]*\\).*/\\1/p')"
        echo "namespace=$(readlink /proc/{process}/ns/net)"
        echo "command=$(ps -o comm= -p {process})"
    """


def _read(script: str) -> dict[str, str]:
    """Run *script* in the tools container on the host's network and PID namespaces, unprivileged."""
    out: Any = engine.client().containers.run(
        TOOLS, ["sh", "-c", script], remove=True, network_mode="host", pid_mode="host", cap_add=["NET_ADMIN"]
    )
    return dict(re.findall(r"^(\w+)=(.*)$", bytes(out).decode(), re.MULTILINE))


def reachability(targets: dict[str, int], visitor: str) -> pd.DataFrame:
    """Who gets an HTTP answer from whom: one row per *place asked from*, one column per container.

    *targets* maps a container's name to the port its process listens on. *visitor* is a running container on
    another network, which plays another machine: it asks this machine's address, and knows no container's.
    Cells are True (answered), False (no answer within 3 s) or None (there is no such address to ask).
    """
    import pandas as pd

    table = {name: _ways(name, port, _neighbour(name, targets), visitor) for name, port in targets.items()}
    return pd.DataFrame(table, dtype="object")


def _ways(name: str, port: int, neighbour: str, visitor: str) -> dict[str, bool | None]:
    attributes = _inspect(name)
    published = _bindings(attributes, port)
    host_port = published[0]["HostPort"] if published else None
    gateway = next(iter(_inspect(visitor)["NetworkSettings"]["Networks"].values()))["Gateway"]
    return {
        "this machine → 127.0.0.1": _answers(f"http://127.0.0.1:{host_port}/") if host_port else None,
        "this machine → container's IP": _answers(f"http://{_address(attributes)}:{port}/"),
        "neighbour container → its IP": _answers_inside(neighbour, f"http://{_address(attributes)}:{port}/"),
        "another machine → this one": _answers_inside(visitor, f"http://{gateway}:{host_port}/")
        if host_port
        else None,
    }


def _neighbour(name: str, among: Iterable[str]) -> str:
    """Another of the containers *among* on the first network of container *name*, one that can ask."""
    home = _network(name)
    able = [other for other in among if other != name and _network(other) == home and _can_ask(other)]
    if not able:
        raise CourseError(
            f"None of the containers given shares a network with {name} and has wget or curl to ask with.",
            "give one more, for example: docker run -d --name neighbour busybox:1.37 tail -f /dev/null",
        )
    return able[0]


def _network(name: str) -> str:
    return str(next(iter(_inspect(name)["NetworkSettings"]["Networks"])))


def _can_ask(name: str) -> bool:
    return _run_inside(name, ["sh", "-c", "command -v wget || command -v curl"])[0] == 0


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(url, timeout=ANSWER_SECONDS).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _answers_inside(name: str, url: str) -> bool:
    # Debian's static wget has a faulty time-out of its own; the shell's `timeout` bounds both programs.
    ask = f"if command -v curl >/dev/null; then curl -sfo /dev/null {url}; else wget -qO /dev/null {url}; fi"
    command = ["timeout", f"{ANSWER_SECONDS:.0f}", "sh", "-c", ask]
    return _run_inside(name, command)[0] == 0


def _run_inside(name: str, command: list[str]) -> tuple[int, str]:
    """Exit code and output of *command* in container *name*."""
    done: Any = engine.client().containers.get(name).exec_run(command)
    return int(done.exit_code), done.output.decode()


def _inspect(name: str) -> dict[str, Any]:
    import docker

    try:
        return dict(engine.client().containers.get(name).attrs)
    except docker.errors.NotFound:
        raise CourseError(
            f"There is no container named {name}.", "run the cells above again, from the top"
        ) from None


def _bindings(attributes: dict[str, Any], port: int) -> list[dict[str, str]]:
    return attributes["NetworkSettings"]["Ports"].get(f"{port}/tcp") or []


def _binding(attributes: dict[str, Any], port: int) -> dict[str, str]:
    found = _bindings(attributes, port)
    if not found:
        raise CourseError(
            f"{attributes['Name'].lstrip('/')} publishes no port for {port}/tcp.", "publish one with -p"
        )
    return found[0]


def address(container: str) -> str:
    """The address of *container* on its first network."""
    return _address(_inspect(container))


def _address(attributes: dict[str, Any]) -> str:
    return str(next(iter(attributes["NetworkSettings"]["Networks"].values()))["IPAddress"])


def request_times(ways: dict[str, str], asked_from: str, requests: int = 200) -> pd.DataFrame:
    """Seconds of each of *requests* HTTP requests to each URL of *ways*, asked inside container *asked_from*.

    One row per request: *way*, *seconds* (curl's time_total, resolution 1 µs). Every request opens a
    connection of its own; the first ten of each way are not counted.
    """
    import pandas as pd

    frames = []
    for way, url in ways.items():
        command = ["curl", "--silent", "--fail", "--output", "/dev/null", "--header", "Connection: close"]
        command += ["--write-out", "%{time_total}\n", f"{url}?[1-{requests + 10}]"]
        code, printed = _run_inside(asked_from, command)
        if code:
            raise CourseError(
                f"{url} did not answer {asked_from} (curl exit code {code}).", "see `docker ps`"
            )
        times = [float(line) for line in printed.split()]
        frames.append(pd.DataFrame({"way": way, "seconds": times[10:]}))
    return pd.concat(frames, ignore_index=True)
