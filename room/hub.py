"""The settings of the room's JupyterHub, which reads this file; what is chosen comes from `room.json`."""

from __future__ import annotations

import json
import sys

from course.workshop import HIDDEN
from room import cards, state
from room.login import CardAuthenticator
from room.opening import MARK
from room.spawner import HUB_PORT, MIRROR_PORT, PORT, RoomSpawner

c = get_config()  # type: ignore[name-defined]  # noqa: F821  # JupyterHub gives it
chosen = json.loads((state.home() / "room.json").read_text())
START = "/lab/tree/notebooks/00-start.ipynb"
SERVICE = "instructor"

c.JupyterHub.bind_url = chosen["bind"]
c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = chosen["cert"], chosen["key"]
c.JupyterHub.subdomain_host = chosen["domain"]
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{chosen['hub_port']}"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{chosen['proxy_port']}"
c.ConfigurableHTTPProxy.command = chosen["proxy"]
c.JupyterHub.db_url = f"sqlite:///{state.home() / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(state.home() / "cookie-secret")
c.JupyterHub.log_level = "WARN"
c.JupyterHub.cleanup_servers = True
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.authenticator_class = CardAuthenticator
c.JupyterHub.services = [
    {
        "name": SERVICE, "url": f"http://127.0.0.1:{chosen['page_port']}", "oauth_no_confirm": True,
        "command": [sys.executable, "-m", "room.page"], "cwd": chosen["root"],
        "environment": {"COURSE_ROOM": str(state.home()), MARK: str(state.home())},
    },
]  # fmt: skip
c.JupyterHub.load_roles = [
    {"name": "instructor", "users": [cards.INSTRUCTOR], "scopes": [f"access:services!service={SERVICE}"]},
    {"name": "page", "services": [SERVICE], "scopes": ["list:users", "read:users:activity", "read:servers"]},
]
c.Authenticator.allowed_users = set(cards.kept())

c.JupyterHub.spawner_class = RoomSpawner
c.RoomSpawner.image = chosen["image"]
c.RoomSpawner.name_template = "course-room-{username}"
c.RoomSpawner.remove = True
c.RoomSpawner.pull_policy = "never"
c.RoomSpawner.network_name = "none"
c.RoomSpawner.hub_connect_url = f"http://127.0.0.1:{HUB_PORT}"
c.RoomSpawner.outward = {HUB_PORT: f"127.0.0.1:{chosen['hub_port']}", MIRROR_PORT: chosen["mirror"]}
c.RoomSpawner.mem_limit, c.RoomSpawner.cpu_limit = chosen["memory"], chosen["cpus"]
c.RoomSpawner.environment = {"ROOM_MIRROR": str(MIRROR_PORT), "COURSE_SAVED_SECONDS": "20"}
c.RoomSpawner.cmd = ["/python/bin/python", "-m", "jupyterhub.singleuser"]
c.RoomSpawner.args = [
    "--ServerApp.root_dir=/disk/home/containers-course", "--LabApp.news_url=",
    "--LabApp.extension_manager=readonly", "--ServerApp.log_level=WARN",
    *(f"--ContentsManager.hide_globs={pattern}" for pattern in HIDDEN),
]  # fmt: skip
c.RoomSpawner.port = PORT
c.RoomSpawner.default_url = START
c.RoomSpawner.start_timeout = 900
c.RoomSpawner.http_timeout = 120
