"""Which door leads to each service of the office, and who gets through; how it was opened doesn't matter."""

from __future__ import annotations

from course.checks import System, Unmet, check
from course.checks.reading import attempts

HERE = "127.0.0.1"
EVERYWHERE = "0.0.0.0"


@check(
    points=2,
    hints=(
        "I looked for `site`, for the doors that it has, and asked it for its page. {seen}",
        "`docker port site` shows each door: on its right the address and port of this machine. "
        "Which part of `--publish` keeps other machines out, when you write it?",
        "`docker rm --force site`, then `docker run --detach --name site --publish 8180:80 nginx:1.26`",
    ),
)
def the_site_is_for_everybody(system: System) -> str:
    """`site` answers on port 8180 of every address of this machine."""
    if (EVERYWHERE, 8180) not in doors(system, "site"):
        raise wrong_doors(system, "site")
    answers(system, "site", 8180)
    return "site answers on port 8180, which is published on every address."


@check(
    points=2,
    hints=(
        "I looked who holds port 8181, which doors `admin` has, and asked it for its page. {seen}",
        "`docker ps --filter publish=8181` names the container that holds the port. "
        "A failed `docker run` leaves a container that holds the name: `docker ps --all`.",
        "`docker stop friday`, `docker rm --force admin`, then "
        "`docker run --detach --name admin --publish 127.0.0.1:8181:80 nginx:1.26`",
    ),
)
def the_admin_page_is_for_you_alone(system: System) -> str:
    """`admin` answers on port 8181 of `127.0.0.1`, and through no other door."""
    if is_held_by_another(system, "admin", 8181):
        raise Unmet(
            "Port 8181 is held by another container.", "`docker ps --filter publish=8181` says by which."
        )
    only_door(system, "admin", 8181)
    answers(system, "admin", 8181)
    return "admin answers on 127.0.0.1:8181, and that is its only door."


@check(
    points=2,
    hints=(
        "I looked at the doors of `cache`, and spoke to Redis through the one on port 6389. {seen}",
        "`docker port cache` shows the container's port on its left. "
        "Redis listens on 6379 in there, whatever number you choose out here.",
        "`docker rm --force --volumes cache`, then "
        "`docker run --detach --name cache --publish 127.0.0.1:6389:6379 redis:8.0`",
    ),
)
def the_cache_has_a_port_of_its_own(system: System) -> str:
    """`cache` answers as Redis on port 6389 of `127.0.0.1`, and through no other door."""
    only_door(system, "cache", 6389)
    # The name that a client gives itself must turn up in cache's own list, or another Redis has answered.
    if system.nonce not in clients_while_named(system, 6389):
        raise Unmet(f"A Redis answers on {HERE}:6389, and it is not the one in cache.", "`docker port cache`")
    return "Redis in cache answers on 127.0.0.1:6389, and that is its only door."


@check(
    points=2,
    hints=(
        "I looked at the doors of `orders`, and asked it for an order. {seen}",
        "`docker logs orders` says on which address the program listens, inside its container. "
        "`office/orders.js` says what decides that.",
        "`docker rm --force orders`, then the `docker run` of Friday again, "
        "with `--env HOST=0.0.0.0` in front of the image.",
    ),
)
def the_orders_answer_again(system: System) -> str:
    """`orders` answers for an order on port 8182 of `127.0.0.1`, and through no other door."""
    only_door(system, "orders", 8182)
    reply = system.http(8182, f"/orders/{system.nonce}")
    if reply.status != 200 or system.nonce not in reply.body:
        raise Unmet(
            f"{HERE}:8182 answers with status {reply.status}, and not for the order that I asked for.",
            "`docker logs orders` shows what it was asked.",
        )
    system.logs("orders", containing=system.nonce)
    return "orders answers on 127.0.0.1:8182 for the order that it was asked for, and that is its only door."


@check(
    points=1,
    hints=(
        "I looked which port `hatch` asks for, and which one it got. {seen}",
        "A number that you write is your choice, not Docker's. Which option of `docker run` needs no number?",
        "`docker rm --force hatch`, then `docker run --detach --name hatch --publish-all nginx:1.26`",
    ),
)
def docker_chose_the_hatch(system: System) -> str:
    """`hatch` answers on a port of this machine that Docker chose."""
    asked_for = system.running("hatch")["HostConfig"]["PortBindings"] or {}
    numbers = [each["HostPort"] for bindings in asked_for.values() for each in bindings or ()]
    # In a range, such as 8190-8199, it's still Docker that chooses; 0 stands for any port.
    if fixed := [number for number in numbers if number.isdigit() and number != "0"]:
        raise Unmet(
            f"You chose port {', '.join(fixed)} for hatch.", "`docker run --help` lists `--publish-all`."
        )
    ports = hatch_ports(system)
    if not ports:
        raise wrong_doors(system, "hatch")
    answers(system, "hatch", min(ports))
    return "hatch answers on a port that Docker chose."


@check(
    points=1,
    needs=("docker_chose_the_hatch",),
    hints=(
        "I read the file `hatch-port.txt` beside this notebook. {seen}",
        "`docker port hatch 80/tcp` prints an address, a colon and the port. "
        "A container that starts again gets another port.",
        "`docker port hatch 80/tcp | head -n 1 | sed 's/.*://' > hatch-port.txt`",
    ),
)
def the_hatch_port_is_noted(system: System) -> str:
    """The file `hatch-port.txt` holds the number of that port, and nothing else."""
    noted = system.file("hatch-port.txt").strip()
    if noted not in {str(port) for port in hatch_ports(system)}:
        raise Unmet(
            f"hatch-port.txt holds {noted!r}, and hatch has another port now.",
            "`docker port hatch` shows it on the right, behind the last colon.",
        )
    return "hatch-port.txt holds the port on which hatch answers."


def ways_in(system: System, name: str) -> list[tuple[str, str, int]]:
    """Port inside, address and port of this machine, for each door of a running container."""
    ports = system.running(name)["NetworkSettings"]["Ports"] or {}
    return sorted((inside, *door) for inside in ports for door in system.published(name, inside))


def doors(system: System, name: str) -> set[tuple[str, int]]:
    """Address and port of this machine for each door of a running container."""
    return {(host, port) for _, host, port in ways_in(system, name)}


def is_held_by_another(system: System, name: str, port: int) -> bool:
    """Whether a container other than *name* has *port* of this machine's loopback."""
    rows = system.docker.api.containers(filters={"publish": str(port)})
    return any(
        (door.get("IP"), door.get("PublicPort")) in {(HERE, port), (EVERYWHERE, port)}
        for row in rows
        if f"/{name}" not in row["Names"]
        for door in row["Ports"]
    )


def only_door(system: System, name: str, port: int) -> None:
    """Unmet unless *port* of this machine's loopback is the one way into container *name*."""
    if doors(system, name) != {(HERE, port)}:
        raise wrong_doors(system, name)


def wrong_doors(system: System, name: str) -> Unmet:
    """What `docker port` would show of *name*, as a failure."""
    listed = [
        f"{inside} → {f'[{host}]' if ':' in host else host}:{port}"
        for inside, host, port in ways_in(system, name)
    ]
    seen = f"{name} has these doors: {', '.join(listed)}." if listed else f"{name} has no door at all."
    return Unmet(seen, f"`docker port {name}` shows the same.")


def answers(system: System, name: str, port: int) -> None:
    """Unmet unless *name* itself takes a request on *port* of the loopback and answers it well."""
    reply = system.http(port, f"/?{system.nonce}")
    if reply.status != 200:
        raise Unmet(f"{HERE}:{port} answers with status {reply.status}.", f"`docker logs {name}` says why.")
    # The word that was asked with must turn up in its log, or something else has answered.
    system.logs(name, containing=system.nonce)


def clients_while_named(system: System, port: int, within: float = 2.0) -> str:
    """The clients of Redis in `cache`, listed while this one, named with the nonce, is connected."""
    said, inner = b"", ways_in(system, "cache")[0][0].removesuffix("/tcp")
    for _ in attempts(within):
        try:
            with system.connect(HERE, port, within) as line:
                line.sendall(f"CLIENT SETNAME {system.nonce}\r\n".encode())
                said = line.recv(64)
                if said.startswith(b"+OK"):
                    return system.run_in("cache", ["redis-cli", "-p", inner, "client", "list"]).output
        except OSError:
            continue  # the server may be starting
    words = f"answers {said!r}" if said else "gives no answer"
    raise Unmet(
        f"{HERE}:{port} {words}.",
        "`docker port cache` shows the door, `docker logs cache` where Redis listens.",
    )


def hatch_ports(system: System) -> set[int]:
    """The ports of this machine's loopback that lead to `hatch`."""
    return {port for host, port in doors(system, "hatch") if host in (HERE, EVERYWHERE)}
