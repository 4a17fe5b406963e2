"""The instructor's page: who is where, and which checks fail most; a service of the hub, for one user.

It reads learners' records as text of strangers, and has no scripts and nothing from outside.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado import httpclient, ioloop, web

from room import cards, disk, records, view

POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'"


async def servers() -> dict[str, str]:
    """By learner, whether the hub has a server for them, as the hub says."""
    request = httpclient.HTTPRequest(
        f"{os.environ['JUPYTERHUB_API_URL']}/users",
        headers={"Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}"},
    )
    answer = await httpclient.AsyncHTTPClient().fetch(request)
    return {user["name"]: _state(user.get("servers", {}).get("")) for user in json.loads(answer.body)}


def _state(server: dict[str, Any] | None) -> str:
    if not server:
        return ""
    return "open" if server.get("ready") else "starting"


class Page(HubOAuthenticated, web.RequestHandler):  # type: ignore[misc]
    """The page itself; the hub says who may see it, by the scope access:services."""

    @web.authenticated
    async def get(self) -> None:
        """Read everything afresh: twenty records take milliseconds."""
        self.set_header("Content-Security-Policy", POLICY)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")
        known = await servers()
        learners = {
            name: records.read(disk.folder(name)) for name in cards.kept() if name != cards.INSTRUCTOR
        }
        self.finish(view.html(known, learners, datetime.now(UTC)))


def main() -> None:
    """Serve the page where the hub wants it."""
    prefix, url = os.environ["JUPYTERHUB_SERVICE_PREFIX"], urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    handlers = [(prefix, Page), (f"{prefix}oauth_callback", HubOAuthCallbackHandler)]
    web.Application(handlers, cookie_secret=os.urandom(32)).listen(
        url.port or 80, url.hostname or "127.0.0.1"
    )
    ioloop.IOLoop.current().start()


if __name__ == "__main__":
    main()
