"""What a submission may ask of its private engine, and what not: the words alone, without an engine."""

from __future__ import annotations

import base64
import json
import os
import socket
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from course.grade import policy
from course.grade.policy import Forbidden, Rules, Seal, below, refuse, served

WORK = "/disk/labs/00-start"
CREATE = "/v1.45/containers/create?name=x"


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    """The rules of an engine whose disk has a work folder with a file, a folder and links in it."""
    work = tmp_path / "labs" / "00-start"
    (work / "www").mkdir(parents=True)
    (work / "www" / "index.html").write_text("hello")
    (work / "out").symlink_to("/")
    (work / "www" / "out").symlink_to("/etc/passwd")
    os.mkfifo(work / "pipe")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(work / "door"))
    (tmp_path / "home").mkdir()
    (tmp_path / "docker").mkdir()
    return Rules(below(tmp_path, PurePosixPath("/disk")))


def create(rules: Rules, **host: Any) -> None:
    """Ask for a container with this HostConfig."""
    body = {"Image": "nginx:1.26", "HostConfig": host}
    refuse("POST", CREATE, json.dumps(body).encode(), rules.is_ours)


FORBIDDEN_HOSTS: dict[str, dict[str, Any]] = {
    "--privileged": {"Privileged": True},
    "--pid host": {"PidMode": "host"},
    "--ipc host": {"IpcMode": "host"},
    "--uts host": {"UTSMode": "host"},
    "--userns host": {"UsernsMode": "host"},
    "--cgroupns host": {"CgroupnsMode": "host"},
    "--device": {"Devices": [{"PathOnHost": "/dev/mem", "PathInContainer": "/dev/mem"}]},
    "--gpus": {"DeviceRequests": [{"Count": -1}]},
    "--device-cgroup-rule": {"DeviceCgroupRules": ["a *:* rwm"]},
    "--cgroup-parent": {"CgroupParent": "/"},
    "unmasked paths": {"MaskedPaths": []},
    "writable paths": {"ReadonlyPaths": []},
    "--volume-driver": {"VolumeDriver": "sshfs"},
    "--runtime": {"Runtime": "runsc"},
    "--log-driver": {"LogConfig": {"Type": "syslog"}},
    "--cap-add ALL": {"CapAdd": ["ALL"]},
    "--cap-add SYS_ADMIN": {"CapAdd": ["NET_ADMIN", "SYS_ADMIN"]},
    "--cap-add with its prefix": {"CapAdd": ["cap_sys_ptrace"]},
    "seccomp=unconfined": {"SecurityOpt": ["seccomp=unconfined"]},
    "apparmor=unconfined": {"SecurityOpt": ["apparmor=unconfined"]},
    "label:disable": {"SecurityOpt": ["label:disable"]},
    "systempaths=unconfined": {"SecurityOpt": ["systempaths=unconfined"]},
    "a seccomp listener": {"SecurityOpt": ['seccomp={"listenerPath": "/disk/labs/x"}']},
    "a seccomp listener in other letters": {"SecurityOpt": ['seccomp={"ListenerpatH": "/disk/labs/x"}']},
    "seccomp that notifies": {"SecurityOpt": ['seccomp={"syscalls": [{"action": "SCMP_ACT_NOTIFY"}]}']},
    "seccomp that is no JSON": {"SecurityOpt": ["seccomp={}}"]},
    "the root folder": {"Binds": ["/:/host"]},
    "the engine's socket": {"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]},
    "the judge's folder": {"Binds": ["/judge:/x:ro"]},
    "the policy's folder": {"Binds": ["/policy:/x"]},
    "the disk": {"Binds": ["/disk:/x"]},
    "the engine's data": {"Binds": ["/disk/docker:/x"]},
    "a way up": {"Binds": [f"{WORK}/../../docker:/x"]},
    "a link": {"Binds": [f"{WORK}/out:/x"]},
    "below a link": {"Binds": [f"{WORK}/out/etc:/x"]},
    "a link to a file": {"Binds": [f"{WORK}/www/out:/x"]},
    "a pipe": {"Binds": [f"{WORK}/pipe:/x"]},
    "a socket": {"Binds": [f"{WORK}/door:/x"]},
    "a second bind": {"Binds": [f"{WORK}/www:/x", "/etc:/y"]},
    "shared propagation": {"Binds": [f"{WORK}/www:/x:rshared"]},
    "a mount": {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/x"}]},
    "a mount in capitals": {"Mounts": [{"TYPE": "BIND", "SOURCE": "/", "TARGET": "/x"}]},
    "a shared mount": {
        "Mounts": [{"Type": "bind", "Source": WORK, "Target": "/x", "BindOptions": {"Propagation": "shared"}}]
    },
    "a mount of a new type": {"Mounts": [{"Type": "image", "Source": "x", "Target": "/x"}]},
    "a mount of no type": {"Mounts": [{"Source": "/", "Target": "/x"}]},
    "a volume that is a folder": {
        "Mounts": [
            {
                "Type": "volume",
                "Target": "/x",
                "VolumeOptions": {"DriverConfig": {"Options": {"type": "tmpfs", "o": "bind", "device": "/"}}},
            }
        ]
    },
}


@pytest.mark.parametrize("what", FORBIDDEN_HOSTS)
def test_what_reaches_the_engine_is_refused(rules: Rules, what: str) -> None:
    """Each way to the engine's process, its folders or its rights."""
    with pytest.raises(Forbidden):
        create(rules, **FORBIDDEN_HOSTS[what])


ORDINARY_HOSTS: dict[str, dict[str, Any]] = {
    "nothing special": {},
    "what the CLI sends": {
        "Binds": None, "PidMode": "", "Privileged": False, "MaskedPaths": None, "ReadonlyPaths": None,
        "Devices": [], "LogConfig": {"Type": "", "Config": {}}, "CapAdd": None, "SecurityOpt": None,
        "Runtime": "", "VolumeDriver": "", "CgroupParent": "", "DeviceRequests": None, "Mounts": None,
    },
    "--publish": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8090"}]}},
    "a file, read-only": {"Binds": [f"{WORK}/www/index.html:/x:ro"]},
    "a folder": {"Binds": [f"{WORK}/www:/x"]},
    "the work folder": {"Binds": [f"{WORK}:/x"]},
    "a folder that isn't there": {"Binds": [f"{WORK}/new/er:/x"]},
    "a folder as a mount": {"Mounts": [{"Type": "bind", "Source": f"{WORK}/www", "Target": "/x"}]},
    "a named volume": {"Binds": ["data:/x"]},
    "a volume as a mount": {"Mounts": [{"Type": "volume", "Source": "data", "Target": "/x"}]},
    "--tmpfs": {"Tmpfs": {"/x": "size=1m"}},
    "a tmpfs as a mount": {"Mounts": [{"Type": "tmpfs", "Target": "/x"}]},
    "--memory and --cpus": {"Memory": 64 << 20, "NanoCpus": 5 * 10**8, "PidsLimit": 50},
    "--cap-drop ALL --cap-add": {"CapDrop": ["ALL"], "CapAdd": ["NET_BIND_SERVICE", "cap_chown"]},
    "--security-opt no-new-privileges": {"SecurityOpt": ["no-new-privileges"]},
    "no-new-privileges=true": {"SecurityOpt": ["no-new-privileges=true", "no-new-privileges:true"]},
    "a seccomp profile": {"SecurityOpt": ['seccomp={"defaultAction": "SCMP_ACT_ALLOW"}']},
    "--network host": {"NetworkMode": "host"},
    "--pid container": {"PidMode": "container:web"},
    "--read-only": {"ReadonlyRootfs": True},
    "--restart": {"RestartPolicy": {"Name": "always"}},
    "--log-driver local": {"LogConfig": {"Type": "local", "Config": {"max-size": "1m"}}},
    "--init": {"Init": True},
}  # fmt: skip


@pytest.mark.parametrize("what", ORDINARY_HOSTS)
def test_ordinary_containers_may_be(rules: Rules, what: str) -> None:
    """What lessons do with a container."""
    create(rules, **ORDINARY_HOSTS[what])


RAW = {
    "lower case": '{"hostconfig": {"privileged": true}}',
    "upper case": '{"HOSTCONFIG": {"PRIVILEGED": true}}',
    "twice, the harmless first": '{"HostConfig": {"Privileged": false, "privileged": true}}',
    "twice, the harmless last": '{"HostConfig": {"privileged": true, "Privileged": false}}',
    "twice in the same letters": '{"HostConfig": {"Privileged": true, "Privileged": false}}',
    "two HostConfigs": '{"HostConfig": {}, "hostconfig": {"Privileged": true}}',
    "a long s": '{"Ho\u017ftConfig": {"Privileged": true}}',
    "a long s, escaped": '{"Ho\\u017ftConfig": {"Privileged": true}}',
    "a Kelvin sign": '{"HostConfig": {"Mas\u212aedPaths": []}}',
    "beside the HostConfig": '{"Privileged": true}',
    "beside an empty one": '{"HostConfig": {}, "Binds": ["/:/x"]}',
    "a HostConfig that is a list": '{"HostConfig": [{"Privileged": true}]}',
    "a list": '[{"HostConfig": {"Privileged": true}}]',
    "words after it": '{"HostConfig": {}} {"HostConfig": {"Privileged": true}}',
    "nothing": "",
    "no JSON": '{"HostConfig": {"Privileged": true,}}',
    "depth": '{"HostConfig": ' * 5000,
    "bytes that are no text": "\udcff",
}


@pytest.mark.parametrize("what", RAW)
def test_a_body_is_read_as_the_engine_reads_it(rules: Rules, what: str) -> None:
    """Names in any case, one value for each, JSON and nothing else."""
    body = RAW[what].encode(errors="surrogateescape")
    asked = {"RequestMethod": "POST", "RequestUri": CREATE, "RequestBody": base64.b64encode(body).decode()}
    assert not policy.ANSWERS["AuthZPlugin.AuthZReq"](asked, rules)["Allow"]


SPELLINGS = """
/containers/%63reate /v1.45/containers/%63reate /containers%2Fcreate //v1.45/containers/create
//containers/create /v1.45//containers/create /containers/x/../create /containers/./create
/containers/create/ /v1..45/containers/create /containers/create?x=/exec /CONTAINERS/create
/containers/create%00 /containers/%2563reate /containers/create#/x/start http://x/containers/create
/v1.24/containers/create /containers/create%0a /v١/containers/create
"""


@pytest.mark.parametrize("uri", SPELLINGS.split())
def test_no_spelling_of_the_path_hides_a_container(rules: Rules, uri: str) -> None:
    """However it is written, it is looked into or refused."""
    with pytest.raises(Forbidden):
        refuse("POST", uri, b'{"HostConfig": {"Privileged": true}}', rules.is_ours)


@pytest.mark.parametrize(
    "path",
    [
        "/plugins/pull?remote=x", "/plugins/x/enable", "/plugins/create", "/swarm/init", "/swarm/join",
        "/services/create", "/secrets/create", "/configs/create", "/nodes/x/update", "/distribution/x/y",
        "/containers/x/checkpoints", "/debug/pprof/profile", "/", "/new",
    ],
)  # fmt: skip
def test_what_no_lesson_needs_is_refused(rules: Rules, path: str) -> None:
    """What changes something is allowed by name, and nothing else is."""
    with pytest.raises(Forbidden):
        refuse("POST", f"/v1.45{path}", b"{}", rules.is_ours)


@pytest.mark.parametrize("body", ['{"Privileged": true}', '{"privileged": true}', '{"PRIVILEGED": 1}', ""])
def test_rights_are_not_added_by_exec(rules: Rules, body: str) -> None:
    """In any letters."""
    with pytest.raises(Forbidden):
        refuse("POST", "/v1.45/containers/x/exec", body.encode(), rules.is_ours)


VOLUMES: dict[str, tuple[bool, dict[str, str]]] = {
    "plain": (True, {}),
    "tmpfs": (True, {"type": "tmpfs", "device": "tmpfs", "o": "size=100m,uid=1000"}),
    "tmpfs without a device": (True, {"type": "tmpfs"}),
    "a folder": (False, {"type": "none", "device": "/", "o": "bind"}),
    "a folder that calls itself tmpfs": (False, {"type": "tmpfs", "device": "/", "o": "bind"}),
    "a folder and all below": (False, {"type": "tmpfs", "device": "/", "o": "size=1m,rbind"}),
    "bind without a device": (False, {"type": "tmpfs", "o": "bind"}),
    "a tmpfs with a folder's name": (False, {"type": "tmpfs", "device": "/judge"}),
    "a mount that moves": (False, {"type": "tmpfs", "device": "tmpfs", "o": "move"}),
    "a mount that changes another": (False, {"type": "tmpfs", "o": "remount,rw"}),
    "a mount that is shared": (False, {"type": "tmpfs", "o": "rshared"}),
    "another machine's": (False, {"type": "nfs", "device": ":/x", "o": "addr=10.0.0.1"}),
    "an overlay": (False, {"type": "overlay", "device": "overlay", "o": "lowerdir=/,upperdir=/x"}),
    "no type": (False, {"device": "/", "o": "bind"}),
}


@pytest.mark.parametrize("what", VOLUMES)
def test_a_volume_is_a_plain_one_or_memory(rules: Rules, what: str) -> None:
    """The driver `local` would mount anything: with the word bind whatever type is named."""
    may, options = VOLUMES[what]
    body = json.dumps({"Name": "data", "DriverOpts": options}).encode()
    asked = {
        "RequestMethod": "POST",
        "RequestUri": "/v1.45/volumes/create",
        "RequestBody": base64.b64encode(body).decode(),
    }
    assert policy.ANSWERS["AuthZPlugin.AuthZReq"](asked, rules)["Allow"] is may


ORDINARY = """
GET /containers/json
GET /containers/x/logs
GET /events
HEAD /_ping
DELETE /containers/x?force=1
DELETE /images/nginx:1.26
POST /containers/x/start
POST /containers/x/stop
POST /containers/x/wait
POST /containers/x/update
PUT /containers/x/archive?path=/
POST /containers/prune
POST /exec/x/start
POST /build?t=x
POST /session
POST /grpc
POST /commit?container=x
POST /images/create?fromImage=x
POST /images/load
POST /images/a/b:1/tag?repo=c
POST /images/localhost:5000/a/push
POST /networks/create
POST /networks/x/connect
POST /networks/x/disconnect
POST /volumes/prune
"""


@pytest.mark.parametrize("request_line", ORDINARY.split("\n")[1:-1])
def test_ordinary_requests_may_pass(rules: Rules, request_line: str) -> None:
    """What lessons do with containers, images, builds, networks and volumes."""
    method, path = request_line.split()
    refuse(method, f"/v1.45{path}", b"", rules.is_ours)


def test_exec_may_run() -> None:
    """Without rights of its own."""
    refuse("POST", "/v1.45/containers/x/exec", b'{"Cmd": ["ls"], "Privileged": false}', lambda _: False)


def test_once_sealed_only_the_key_opens(rules: Rules) -> None:
    """Reading is over, too; the judge's header lets it go on."""
    asked = {"RequestMethod": "GET", "RequestUri": "/v1.45/containers/json", "RequestHeaders": {}}
    ask = policy.ANSWERS["AuthZPlugin.AuthZReq"]
    assert ask(asked, rules)["Allow"]
    rules.seal.close()
    assert not ask(asked, rules)["Allow"]
    assert not ask(asked | {"RequestHeaders": {policy.KEY_HEADER: "0" * 32}}, rules)["Allow"]
    assert ask(asked | {"RequestHeaders": {policy.KEY_HEADER: rules.seal.key}}, rules)["Allow"]


def test_every_seal_has_a_key_of_its_own() -> None:
    """And it doesn't show in what is printed of it."""
    assert Seal().key != (other := Seal()).key
    assert other.key not in repr(other)


def test_a_question_without_end_is_cut_off(rules: Rules, tmp_path: Path) -> None:
    """Whoever reaches the policy's socket can't fill the grader's memory through it."""
    door = tmp_path / "policy.sock"
    with served(door, rules), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(door))
        line.sendall(b"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_what_it_cannot_read_it_refuses(rules: Rules) -> None:
    """A fault in the policy never lets a request pass."""
    ask = policy.ANSWERS["AuthZPlugin.AuthZReq"]
    broken = {"RequestMethod": "POST", "RequestUri": CREATE, "RequestBody": "%%%"}
    assert not ask(broken, rules)["Allow"]
    assert not ask(broken | {"RequestUri": "http://[/"}, rules)["Allow"]
