"""Five promises of the lab that graders are compared on; every contender executes these very functions."""

from course.checks import System, Unmet, check

HINTS = (
    "I looked at bench-web. {seen}",
    "`docker inspect bench-web`",
    "The solution stands beside this lab.",
)


@check(points=1, hints=HINTS)
def web_runs(system: System) -> str:
    """A container named `bench-web` runs from `nginx:1.26` and has the label `course=bench`."""
    web = system.running("bench-web")
    if web["Image"] != system.image("nginx:1.26")["Id"]:
        raise Unmet(f"bench-web runs from {web['Config']['Image']}.", "The image stands last.")
    if web["Config"]["Labels"].get("course") != "bench":
        raise Unmet("bench-web has no label course=bench.", "`--label` takes one.")
    return "bench-web runs from nginx:1.26 and has its label."


@check(points=1, needs=("web_runs",), hints=HINTS)
def page_answers(system: System) -> str:
    """Its page answers with status 200 on port 8095 of `127.0.0.1`, and the request stands in its log."""
    reply = system.http(8095, f"/?{system.nonce}")
    if reply.status != 200:
        raise Unmet(f"127.0.0.1:8095 answers with status {reply.status}.", "`docker logs bench-web`")
    system.logs("bench-web", containing=system.nonce)
    return "127.0.0.1:8095 answers with status 200, and the request stands in the log."


@check(points=1, needs=("web_runs",), hints=HINTS)
def on_its_network(system: System) -> str:
    """It is attached to the network `bench-net`."""
    attached = system.network("bench-net")["Containers"]
    if system.running("bench-web")["Id"] not in attached:
        raise Unmet(f"bench-net has {len(attached)} containers, not bench-web.", "`docker network inspect`")
    return "bench-web is on bench-net."


@check(points=1, needs=("web_runs",), hints=HINTS)
def has_its_volume(system: System) -> str:
    """The volume `bench-data` is mounted at `/data` in it."""
    volume = system.volume("bench-data")["Name"]
    mounts = system.running("bench-web")["Mounts"]
    if ("volume", volume, "/data") not in [(m["Type"], m.get("Name"), m["Destination"]) for m in mounts]:
        raise Unmet(f"bench-web has {len(mounts)} mounts, none is bench-data at /data.", "`--mount`")
    return "bench-data is mounted at /data."


@check(points=1, hints=HINTS)
def port_is_noted(system: System) -> str:
    """The file `inner-port.txt` holds the port on which nginx listens inside its container."""
    noted = system.file("inner-port.txt").strip()
    if f"{noted}/tcp" not in system.image("nginx:1.26")["Config"]["ExposedPorts"]:
        raise Unmet(f"inner-port.txt holds {noted!r}.", "`docker port bench-web`")
    return f"inner-port.txt holds {noted}."
