"""Each image of the kit does what the official image of its name does, as far as the course relies on it."""

from __future__ import annotations

import io
import re
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from image_runs import address, container, have, host_port, inside, logged, page, says, unique

from course import engine

pytestmark = pytest.mark.fetches


@pytest.fixture
def network() -> Iterator[str]:
    """A network of this test's own, removed at its end."""
    made = engine.client().networks.create(unique("net"))
    yield str(made.name)
    made.remove()


@pytest.fixture
def volume() -> Iterator[str]:
    """A volume of this test's own, removed at its end."""
    made = engine.client().volumes.create(unique("data"))
    yield str(made.name)
    made.remove()


# busybox ------------------------------------------------------------------------------------------------


def test_busybox_serves_a_page_that_another_finds_by_name(network: str) -> None:
    """Hub: httpd and wget are applets, and names of a user-defined network resolve."""
    page_file = {"/www/index.html": "hello from httpd\n"}
    with container("busybox:1.37", "httpd", "-f", "-h", "/www", files=page_file, network=network) as web:
        ask = ("sh", "-c", 'until wget -q -O - "http://$0/"; do :; done', web.name or "")
        assert says("busybox:1.37", *ask, network=network) == "hello from httpd\n"


def test_busybox_has_the_users_and_folders_of_a_system() -> None:
    """Hub: root lives in /root, www-data is 33, anybody may write in /tmp."""
    assert says("busybox:1.37", "sh", "-c", "whoami; echo ~; id -u www-data") == "root\n/root\n33\n"
    assert says("busybox:1.37", "sh", "-c", "touch /tmp/mine && id -u", user="1000") == "1000\n"


# debian -------------------------------------------------------------------------------------------------


def test_debian_installs_a_package_from_its_own_sources() -> None:
    """Hub: `apt-get update && apt-get install` works as it stands, and manuals stay out."""
    install = "apt-get update -qq && apt-get install -qq --yes --no-install-recommends hello >/dev/null 2>&1"
    look = f"{install}; hello; find /usr/share/man /usr/share/doc -type f ! -name copyright"
    assert says("debian:trixie-slim", "bash", "-c", look) == "Hello, world!\n"


def test_debian_starts_no_service_while_it_installs_one() -> None:
    """Hub: policy-rc.d forbids services to start in a build."""
    assert says("debian:trixie-slim", "sh", "-c", "/usr/sbin/policy-rc.d; echo $?") == "101\n"


# nginx --------------------------------------------------------------------------------------------------


def test_nginx_answers_its_page_and_logs_the_request_to_stdout() -> None:
    """Hub: the welcome page on port 80; access log on stdout, error log on stderr; its start-up lines."""
    with container("nginx:1.26", ports={"80/tcp": ("127.0.0.1", None)}) as web:
        assert "<h1>Welcome to nginx!</h1>" in page(web, "80/tcp", "/?from=test")
        assert '" 200 615 "-"' in logged(
            r'^[\d.]+ - - \[.*\] "GET /\?from=test HTTP/1.1".*$', web, stream="stdout"
        )
        logged(r"^/docker-entrypoint.sh: Configuration complete; ready for start up$", web, stream="stdout")
        logged(r"\[notice\] 1#1: start worker processes$", web, stream="stderr")
        assert inside(web, "id", "-u", "nginx") == "101\n"


def test_nginx_serves_what_is_put_in_its_folders() -> None:
    """Hub: /usr/share/nginx/html is served, conf.d is read, templates are filled in from the environment."""
    files = {
        "/usr/share/nginx/html/index.html": "my page",
        "/etc/nginx/conf.d/second.conf": "server { listen 81; return 200 $uri; }",
        "/etc/nginx/templates/third.conf.template": "server { listen 82; return 200 '$uri ${WORD}'; }",
    }
    ports = {f"{port}/tcp": ("127.0.0.1", None) for port in (80, 81, 82)}
    with container("nginx:1.26", files=files, ports=ports, environment={"WORD": "kit"}) as web:
        answers = [page(web, f"{port}/tcp", "/a") for port in (81, 82)]
        assert [page(web, "80/tcp"), *answers] == ["my page", "/a", "/a kit"]


def test_nginx_stops_gracefully_in_time() -> None:
    """Hub: STOPSIGNAL SIGQUIT ends it with code 0, long before the ten seconds are over."""
    with container("nginx:1.26", ports={"80/tcp": ("127.0.0.1", None)}) as web:
        page(web, "80/tcp")
        began = time.monotonic()
        web.stop(timeout=10)
        assert (web.wait()["StatusCode"], time.monotonic() - began < 5) == (0, True)
        logged(r"signal 3 \(SIGQUIT\) received, shutting down", web, stream="stderr")


# redis --------------------------------------------------------------------------------------------------


def test_redis_keeps_its_data_in_the_volume(volume: str) -> None:
    """Hub: what was saved in /data is there in the next container; SIGTERM saves and ends with code 0."""
    for command, answer in ((["set", "colour", "green"], "OK\n"), (["get", "colour"], "green\n")):
        with container("redis:8.0", "--save", "60", "1", volumes=[f"{volume}:/data"]) as store:
            logged("Ready to accept connections", store, stream="stdout")
            assert inside(store, "redis-cli", *command) == answer
            store.stop()
            assert store.wait()["StatusCode"] == 0


def test_redis_answers_other_containers_and_isnt_root(network: str) -> None:
    """Hub: protected mode is off, and the server runs as user 999."""
    with container("redis:8.0", network=network) as store:
        logged("Ready to accept connections", store)
        assert says("redis:8.0", "redis-cli", "-h", store.name or "", "ping", network=network) == "PONG\n"
        assert inside(store, "sh", "-c", "grep -E '^(Uid|Gid)' /proc/1/status | tr -s '\\t' ' '") == (
            "Uid: 999 999 999 999\nGid: 999 999 999 999\n"
        )
        assert inside(store, "stat", "-c", "%U", "/data") == "redis\n"


def test_redis_takes_options_and_a_configuration_file() -> None:
    """Hub: `docker run redis --requirepass x` and `… redis-server /my.conf` both mean the server."""
    conf = {"/my.conf": "requirepass secret\n"}
    ask = ("redis-cli", "--no-auth-warning", "-a", "secret")
    for command in (["--requirepass", "secret"], ["redis-server", "/my.conf"]):
        with container("redis:8.0", *command, files=conf) as store:
            logged("Ready to accept connections", store)
            assert "NOAUTH" in inside(store, "redis-cli", "ping")
            assert inside(store, *ask, "config", "get", "protected-mode").split() == ["protected-mode", "no"]


# postgres -----------------------------------------------------------------------------------------------

READY = r"(?s)init process complete.*ready to accept connections"


def test_postgres_refuses_to_start_without_a_password() -> None:
    """Hub: it exits with 1 and the words that a search on the web finds."""
    text = says("postgres:17", code=1)
    assert text.startswith("Error: Database is uninitialized and superuser password is not specified.\n")
    assert '"-e POSTGRES_PASSWORD=password" on "docker run"' in text


def test_postgres_answers_a_query_with_the_right_password_only(network: str) -> None:
    """Hub: POSTGRES_PASSWORD guards the network, not the socket; it listens on every interface; user 999."""
    with container("postgres:17", environment={"POSTGRES_PASSWORD": "secret"}, network=network) as store:
        logged(READY, store)
        query = ("psql", "-h", store.name or "", "-U", "postgres", "-tAc", "select 40 + 2")
        assert says("postgres:17", *query, network=network, environment={"PGPASSWORD": "secret"}) == "42\n"
        wrong = says("postgres:17", *query, code=2, network=network, environment={"PGPASSWORD": "wrong"})
        assert 'password authentication failed for user "postgres"' in wrong
        assert inside(store, "psql", "-U", "postgres", "-tAc", "show server_encoding") == "UTF8\n"
        assert inside(store, "id", "-u", "postgres") == "999\n"
        assert inside(store, "stat", "-c", "%u", "/proc/1") == "999\n"


def test_postgres_is_set_up_by_variables_and_scripts_once(volume: str) -> None:
    """Hub: USER, DB, PASSWORD_FILE and INITDB_ARGS count, and initdb.d runs; a later start keeps it all."""
    files = {
        "/run/secrets/word": "from-a-file\n",
        "/docker-entrypoint-initdb.d/1-table.sql": "create table fruit as select 'fig' as name;",
        "/docker-entrypoint-initdb.d/2-row.sh": "#!/bin/bash\n"
        'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "insert into fruit values (\'plum\')"\n',
    }
    environment = {
        "POSTGRES_USER": "ana",
        "POSTGRES_DB": "shop",
        "POSTGRES_PASSWORD_FILE": "/run/secrets/word",
        "POSTGRES_INITDB_ARGS": "--data-checksums",
    }
    options = {"environment": environment, "volumes": [f"{volume}:/var/lib/postgresql/data"]}
    ask = (
        "psql",
        "-tA",
        "-h",
        "127.0.0.1",
        "-U",
        "ana",
        "shop",
        "-c",
        "select * from fruit",
        "-c",
        "show data_checksums",
    )
    for expected in (READY, "(?s)Skipping initialization.*ready to accept connections"):
        with container("postgres:17", files=files, **options) as store:
            logged(expected, store)
            answer = inside(store, *ask, environment={"PGPASSWORD": "from-a-file"})
            assert answer == "fig\nplum\non\n"
            store.stop()
            assert store.wait()["StatusCode"] == 0
            logged("received fast shutdown request", store, stream="stderr")


def test_postgres_trusts_everybody_when_told_to() -> None:
    """Hub: POSTGRES_HOST_AUTH_METHOD=trust needs no password and warns; options reach the server."""
    trust = {"POSTGRES_HOST_AUTH_METHOD": "trust"}
    with container("postgres:17", "-c", "max_connections=17", environment=trust) as store:
        logged(READY, store)
        logged('WARNING: POSTGRES_HOST_AUTH_METHOD has been set to "trust"', store, stream="stderr")
        host = ("-h", address(store, "bridge"), "-U", "postgres")
        assert inside(store, "psql", *host, "-tAc", "show max_connections") == "17\n"


# node ---------------------------------------------------------------------------------------------------


def test_node_runs_scripts_npm_and_other_programs() -> None:
    """Hub: the entrypoint gives scripts and options to node, and runs anything else as it is."""
    script = {"/app/hello.js": "console.log('hello from', process.argv[1])\n"}
    assert says("node:24-slim", "hello.js", files=script, working_dir="/app") == "hello from /app/hello.js\n"
    assert says("node:24-slim", "-e", "console.log(6 * 7)") == "42\n"
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", says("node:24-slim", "npm", "--version"))
    assert says("node:24-slim", "sh", "-c", "echo a shell") == "a shell\n"


def test_node_has_its_user() -> None:
    """Hub: user node is 1000, with a home and bash."""
    assert says(
        "node:24-slim",
        "sh",
        "-c",
        "id; echo ~; cd && touch mine",
        user="node",
        environment={"HOME": "/home/node"},
    ) == ("uid=1000(node) gid=1000(node) groups=1000(node)\n/home/node\n")


def test_node_installs_a_package_of_the_project_offline() -> None:
    """Hub: npm works on package.json files; its scripts and npx find what was installed."""
    files = {
        "/tool/package.json": '{"name": "tool", "version": "1.0.0", "bin": {"tool": "tool.js"}}',
        "/tool/tool.js": "#!/usr/bin/env node\nconsole.log('the tool ran')\n",
        "/app/package.json": '{"name": "app", "version": "1.0.0"}',
    }
    install = "npm install --offline --no-audit --no-fund --install-links /tool >/dev/null && npx tool"
    assert says("node:24-slim", "sh", "-c", install, files=files, working_dir="/app") == "the tool ran\n"


# python -------------------------------------------------------------------------------------------------


def test_python_runs_code_with_its_usual_modules() -> None:
    """Hub: python, python3 and python3.13 are one Python, with ssl, sqlite3, lzma and time zones."""
    code = (
        "import ctypes, lzma, sqlite3, ssl, sys, zoneinfo; print(sys.version_info[:2], sys.stdout.encoding)"
    )
    for name in ("python", "python3", "python3.13"):
        assert says("python:3.13-slim", name, "-c", code) == "(3, 13) utf-8\n"


def test_python_pip_installs_a_wheel_without_a_virtual_environment() -> None:
    """Hub: pip is free to install into the image, and is the only package there."""
    wheel = {"/greet-1.0-py3-none-any.whl": wheel_of("greet", "def main():\n    print('greetings')\n")}
    install = "pip install --quiet --no-index --root-user-action ignore /greet*.whl"
    steps = f"{install} && greet && pip list --format freeze"
    first, *listed = says("python:3.13-slim", "sh", "-c", steps, files=wheel).splitlines()
    assert (first, [line.split("==")[0] for line in listed]) == ("greetings", ["greet", "pip"])


def test_python_makes_virtual_environments() -> None:
    """Hub: `python -m venv` gives one with pip, offline."""
    assert "pip " in says("python:3.13-slim", "sh", "-c", "python -m venv /v && /v/bin/pip --version")


def test_python_packages_lie_in_site_packages() -> None:
    """Hub: recipes copy /usr/local/lib/python3.13/site-packages from one stage to another."""
    assert "pip" in says("python:3.13-slim", "ls", "/usr/local/lib/python3.13/site-packages").split()


def wheel_of(name: str, code: str) -> bytes:
    """A wheel made by hand: one module with a console script."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as wheel:
        info = f"{name}-1.0.dist-info"
        wheel.writestr(f"{name}.py", code)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name} = {name}:main\n")
        wheel.writestr(f"{info}/RECORD", "")
    return whole.getvalue()


# registry -----------------------------------------------------------------------------------------------


def test_registry_takes_an_image_and_lists_it() -> None:
    """Hub: /v2/ answers on 5000, a push is kept under /var/lib/registry and shows in the catalog."""
    with container("registry:2", ports={"5000/tcp": ("127.0.0.1", None)}) as store:
        assert page(store, "5000/tcp", "/v2/") == "{}"
        name = f"localhost:{host_port(store, '5000/tcp')}/{unique('pushed')}"
        image = have("busybox:1.37")
        image.tag(name, "1")
        try:
            engine.client().images.push(name, "1")
        finally:
            engine.client().images.remove(f"{name}:1")
        assert name.split("/")[1] in page(store, "5000/tcp", "/v2/_catalog")
        assert (
            inside(store, "ls", "/var/lib/registry/docker/registry/v2/repositories").strip()
            == name.split("/")[1]
        )


def test_registry_reads_its_settings_from_the_environment() -> None:
    """Hub: REGISTRY_HTTP_ADDR moves its port, and so for every setting of its file."""
    moved = {"REGISTRY_HTTP_ADDR": ":5001", "REGISTRY_LOG_LEVEL": "debug"}
    with container("registry:2", ports={"5001/tcp": ("127.0.0.1", None)}, environment=moved) as store:
        assert page(store, "5001/tcp", "/v2/") == "{}"
        logged("level=debug", store)


# tools --------------------------------------------------------------------------------------------------


def test_tools_see_the_network_of_another_container(network: str) -> None:
    """Beside another container they list its sockets, addresses and processes, and read its tables."""
    with container("busybox:1.37", "httpd", "-f", "-p", "8080", network=network) as web:
        theirs = f"container:{web.name}"
        look = (
            "until ss -Hltn | grep 8080; do :; done; ip -br addr show eth0; ps -o comm= 1; iptables -t nat -S"
        )
        text = says(
            "course/tools:1", "bash", "-c", look, network_mode=theirs, pid_mode=theirs, cap_add=["NET_ADMIN"]
        )
        for part in (r"\*:8080", re.escape(address(web, network)), "^httpd$", "-P PREROUTING ACCEPT"):
            assert re.search(part, text, re.MULTILINE), f"no {part} in\n{text}"


# vm -----------------------------------------------------------------------------------------------------


def test_a_guest_boots_without_any_privilege_and_says_that_it_is_a_machine() -> None:
    """Emulated it serves its page within a minute, with a kernel and a processor of its own."""
    held: dict[str, Any] = {"user": "65534", "cap_drop": ["ALL"]}
    with container("course/vm:1", ports={"8080/tcp": None}, **held) as run:
        # Before the guest listens QEMU takes connections for it, which nobody answers.
        logged("^served from a machine of its own", run)
        assert page(run, "8080/tcp") == "served from a machine of its own\n"
        facts = dict(line.split(" ", 1) for line in page(run, "8080/tcp", "/cgi-bin/facts").splitlines())
    assert (facts["machine"], facts["hostname"]) == ("aarch64", "guest")
    assert facts["kernel"].endswith("-cloud-arm64")
    assert int(facts["processes"]) > 10


def test_whether_kvm_boots_a_guest_is_tried_and_not_believed() -> None:
    """Without the device the answer is no, at once; a device that boots nothing would have its deadline."""
    started = time.monotonic()
    assert says("course/vm:1", "try-kvm") == "KVM boots no guest here\n"
    assert time.monotonic() - started < 8


def test_a_whole_server_boots_to_the_page_that_its_container_serves() -> None:
    """One page from the same files: nginx alone in a container, systemd and all in a machine."""
    with container("course/server:1", ports={"80/tcp": None}) as web:
        served = page(web, "80/tcp")
        assert len(inside(web, "sh", "-c", "ls -d /proc/[0-9]*").split()) < 10
    held: dict[str, Any] = {"user": "65534", "cap_drop": ["ALL"]}
    with container("course/server-vm:1", ports={"8080/tcp": None}, **held) as run:
        # The note comes when all of the system is up; that takes a busy machine its time.
        note = page(run, "8080/tcp", "/facts", within=240)
        assert page(run, "8080/tcp") == served == "served by a whole server\n"
    facts = dict(line.split(" ", 1) for line in note.splitlines())
    assert facts["hostname"] == "server" and "-cloud-" in facts["kernel"]
    assert int(facts["services"]) >= 8 and "(userspace)" in facts["boot"]
    assert int(facts["processes"]) > 40 and int(facts["total_kib"]) < 384 * 1024


# engine -------------------------------------------------------------------------------------------------


def test_the_engine_runs_containers_of_its_own_and_opens_no_port() -> None:
    """A second engine has nothing of the first one's, and only its own socket leads in."""
    with container("course/engine:1", privileged=True) as second:
        logged("API listen on /run/docker.sock", second)
        assert inside(second, "docker", "image", "ls", "--quiet") == ""
        empty = "tar --create --files-from /dev/null | docker import - empty:1 && docker create empty:1 none"
        inside(second, "sh", "-c", empty)
        assert inside(second, "docker", "ps", "--all", "--format", "{{.State}}") == "created\n"
        assert ":0948 " not in inside(second, "cat", "/proc/net/tcp", "/proc/net/tcp6")  # 2376


def test_the_engines_port_hears_only_who_has_its_certificate() -> None:
    """With ENGINE_TLS=yes a client of its CA gets in; without a certificate or without TLS nobody does."""
    with container("course/engine:1", privileged=True, environment={"ENGINE_TLS": "yes"}) as second:
        logged("API listen on .*:2376", second)
        client = "docker --host tcp://127.0.0.1:2376"
        proof = "--tlscacert ca.pem --tlscert cert.pem --tlskey key.pem"
        command = f"cd /certs/client && {client} --tlsverify {proof} ps --quiet"
        assert inside(second, "sh", "-c", command) == ""
        assert "HTTPS" in inside(second, "sh", "-c", f"{client} ps 2>&1", code=1)
        nameless = (
            "echo GET | openssl s_client -quiet -connect 127.0.0.1:2376 -CAfile /certs/ca.pem 2>&1; true"
        )
        assert "certificate required" in inside(second, "sh", "-c", nameless)
        assert inside(second, "sh", "-c", "ls /certs; stat -c %a /certs/client/key.pem") == (
            "ca.pem\nclient\nserver\n600\n"
        )


# ci -----------------------------------------------------------------------------------------------------


def test_a_ci_machine_is_a_git_server_without_an_engine(network: str) -> None:
    """A program as argument runs in the engine's place: `git daemon` takes a push and hands it out."""
    serve = "git daemon --base-path=/srv/git --export-all --enable=receive-pack --verbose"
    with container("course/ci:1", *serve.split(), network=network) as git:
        inside(git, "git", "init", "--quiet", "--bare", "--initial-branch", "main", "/srv/git/a.git")
        logged("Ready to rumble", git)
        person = "-c user.name=a -c user.email=a@example.org"
        push = (
            f"git init -q -b main /a && cd /a && git {person} commit -q --allow-empty -m one"
            " && git push -q git://localhost/a.git main && git clone -q git://localhost/a.git /b"
        )
        inside(git, "bash", "-c", push)
        assert inside(git, "git", "-C", "/b", "log", "--format=%s") == "one\n"
        assert "dockerd" not in inside(git, "ps", "-A")


def test_a_ci_machine_hears_ssh_beside_its_engine_and_has_keys_of_its_own(network: str) -> None:
    """BESIDE starts sshd; a key opens it for `deploy`, who may use the engine; no password and no root."""
    keys = "cat /etc/ssh/ssh_host_ed25519_key.pub"
    beside = {"BESIDE": "/usr/sbin/sshd -D -e"}
    with container("course/ci:1", privileged=True, environment=beside, network=network) as server:
        logged("Server listening on 0.0.0.0 port 22", server)
        logged("API listen on /run/docker.sock", server)
        inside(server, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/key")
        inside(server, "sh", "-c", "su deploy -c 'tee /home/deploy/.ssh/authorized_keys' < /root/key.pub")
        ssh = "ssh -i /root/key -o BatchMode=yes -o StrictHostKeyChecking=accept-new"
        assert inside(server, "sh", "-c", f"{ssh} deploy@localhost docker ps --quiet 2> /dev/null") == ""
        assert "Permission denied (publickey)" in inside(
            server, "sh", "-c", f"{ssh} root@localhost true 2>&1", code=255
        )
        shown = inside(server, "sh", "-c", keys)
    with container("course/ci:1", "sh", "-c", "ls /etc/ssh", network=network) as other:
        other.wait()
        assert "ssh_host" not in other.logs().decode()
    with container("course/ci:1", "sleep", "60", environment=beside, network=network) as second:
        logged("Server listening", second)
        assert inside(second, "sh", "-c", keys) != shown


def test_a_ci_machines_way_to_the_registry(network: str) -> None:
    """With REGISTRY_AT its own localhost:5001 leads to another machine's port."""
    with container("nginx:1.26", network=network) as web:
        way = {"REGISTRY_AT": f"{web.name}:80"}
        with container("course/ci:1", "sleep", "60", environment=way, network=network) as run:
            ask = "curl --silent --retry 20 --retry-all-errors http://localhost:5001/"
            assert "Welcome to nginx" in inside(run, "sh", "-c", ask)


# mongo-express, npm ---------------------------------------------------------------------------------------

# Asks a page, or sends the fields of a form to it; prints the status and the text.
FETCH = """
const [path, login, ...form] = process.argv.slice(1);
const fields = form.map((field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)]);
const sent = form.length ? { method: "POST", body: new URLSearchParams(fields) } : {};
fetch(`http://127.0.0.1:8081${path}`, { ...sent, headers: { authorization: `Basic ${btoa(login)}` } })
  .then(async (answer) => console.log(answer.status, await answer.text()));
"""
MONGO_ROOT = {"MONGO_INITDB_ROOT_USERNAME": "admin", "MONGO_INITDB_ROOT_PASSWORD": "secret"}


def test_mongo_express_shows_and_changes_what_the_database_holds(network: str) -> None:
    """Hub: ME_CONFIG_… name server and logins; add, edit and delete are read back from the database."""
    settings = {
        "ME_CONFIG_MONGODB_ADMINUSERNAME": "admin",
        "ME_CONFIG_MONGODB_ADMINPASSWORD": "secret",
        "ME_CONFIG_BASICAUTH_USERNAME": "browser",
        "ME_CONFIG_BASICAUTH_PASSWORD": "look",
    }
    with container("mongo:8.0", environment=MONGO_ROOT, network=network) as store:
        logged("Waiting for connections", store)
        settings |= {"ME_CONFIG_MONGODB_SERVER": store.name or ""}
        with container("mongo-express:1.0", environment=settings, network=network) as viewer:
            logged("Mongo Express server listening", viewer)

            def ask(path: str, *form: str, login: str = "browser:look") -> str:
                return inside(viewer, "node", "-e", FETCH, path, login, *form)

            def held() -> str:
                words = (
                    "mongosh",
                    "--quiet",
                    "-u",
                    "admin",
                    "-p",
                    "secret",
                    "--authenticationDatabase",
                    "admin",
                )
                look = "print(EJSON.stringify(db.getSiblingDB('shop').fruit.find().toArray()))"
                return inside(store, *words, "--eval", look).strip()

            assert ask("/", login="browser:wrong").startswith("401")
            ask("/", "database=shop")
            ask("/db/shop", "collection=fruit")
            ask("/db/shop/fruit", 'document={"_id":"one","name":"fig"}')
            assert held() == '[{"_id":"one","name":"fig"}]'
            assert "fig" in ask("/db/shop/fruit")
            assert "fig" in ask("/db/shop/fruit/%22one%22")
            ask("/db/shop/fruit/%22one%22", "_method=put", 'document={"_id":"one","name":"plum"}')
            assert held() == '[{"_id":"one","name":"plum"}]'
            ask("/db/shop/fruit/%22one%22", "_method=delete")
            assert held() == "[]"


def test_npm_serves_a_package_with_the_address_it_was_asked_at() -> None:
    """Npm finds express and its archive there; what isn't served is 404."""
    with container("course/npm:1", ports={"4873/tcp": ("127.0.0.1", None)}) as packages:
        listed = page(packages, "4873/tcp", "/express")
        port = host_port(packages, "4873/tcp")
        assert f'"http://127.0.0.1:{port}/-/express-5.' in listed
        assert "HOST" not in listed
        assert '"name": "@types/whatwg-url"' in page(packages, "4873/tcp", "/@types%2fwhatwg-url")
        assert "404" in inside(packages, "curl", "--silent", "http://127.0.0.1:4873/left-pad")


# ecr ----------------------------------------------------------------------------------------------------


def test_ecr_is_healthy_as_another_user_and_lets_nobody_in_unknown() -> None:
    """Both halves work; the API and the registry want a login. More in tests/test_ecr_at_work.py."""
    with container("course/ecr:1", ports={"5000/tcp": ("127.0.0.1", None)}) as store:
        assert page(store, "5000/tcp", "/healthz") == '{"status": "ok"}\n'
        assert inside(store, "id", "--user", "--name").strip() == "ecr"
        for path, body in (("/v2/", None), ("/", b"Action=ListUsers&Version=2010-05-08")):
            url = f"http://127.0.0.1:{host_port(store, '5000/tcp')}{path}"
            with pytest.raises(urllib.error.HTTPError) as refusal:
                urllib.request.urlopen(urllib.request.Request(url, body), timeout=10)
            assert refusal.value.code in (401, 403)
        store.stop(timeout=10)
        assert store.wait()["StatusCode"] == 0
