"""What the first container of a learner must do."""

from course.checks import System, Unmet, check


@check(
    points=1,
    hints=(
        "I looked for a container named `hello` that runs. {seen}",
        "`docker ps --all` lists every container with its name, image and state; "
        "`docker rm --force hello` makes room for another try.",
        "`docker run --detach --name hello --publish 127.0.0.1:8090:80 nginx:1.26`",
    ),
)
def hello_runs(system: System) -> str:
    """A container named `hello` runs from `nginx:1.26`."""
    hello = system.running("hello")
    if hello["Image"] != system.image("nginx:1.26")["Id"]:
        raise Unmet(
            f"hello runs from {hello['Config']['Image']}.", "The image stands last in your `docker run` line."
        )
    return "hello runs from nginx:1.26."


@check(
    points=1,
    needs=("hello_runs",),
    hints=(
        "I asked `127.0.0.1:8090` for a page, and `hello` for its published ports. {seen}",
        "`--publish` takes an address, a port of your machine and a port inside, joined by colons.",
        "`docker rm --force hello`, then "
        "`docker run --detach --name hello --publish 127.0.0.1:8090:80 nginx:1.26`",
    ),
)
def the_page_answers(system: System) -> str:
    """Its page answers on port 8090 of `127.0.0.1`, and on no other address."""
    published = system.published("hello", "80/tcp")
    if set(published) != {("127.0.0.1", 8090)}:
        there = ", ".join(f"{host}:{port}" for host, port in published) or "nowhere"
        raise Unmet(f"Port 80 of hello is published on: {there}.", "`docker port hello` shows the same.")
    reply = system.http(8090, f"/?{system.nonce}")
    if reply.status != 200:
        raise Unmet(f"127.0.0.1:8090 answers with status {reply.status}.", "`docker logs hello` says why.")
    # The word we asked with must turn up in hello's own log, or something else answered.
    system.logs("hello", containing=system.nonce)
    return "127.0.0.1:8090 answers with status 200, and the request stands in hello's log."


@check(
    points=1,
    hints=(
        "I read the file `inner-port.txt` beside this notebook. {seen}",
        "In `127.0.0.1:8090:80` the last number is the port inside the container.",
        '`Path("inner-port.txt").write_text("80")`',
    ),
)
def the_inner_port_is_noted(system: System) -> str:
    """The file `inner-port.txt` holds the port on which nginx listens inside its container."""
    noted = system.file("inner-port.txt").strip()
    if f"{noted}/tcp" not in system.image("nginx:1.26")["Config"]["ExposedPorts"]:
        raise Unmet(
            f"inner-port.txt holds {noted!r}.",
            "`docker port hello` shows the port inside on its left.",
        )
    return f"inner-port.txt holds {noted}, the port that the image names."
