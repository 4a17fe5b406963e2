"""What is asked of whom: AWS's APIs at /, registry v2 under /v2, health; anything else is refused."""

from __future__ import annotations

import logging

from front.accounts import Accounts
from front.api import Api
from front.call import Registry
from front.images import Images
from front.settings import Settings
from front.state import State
from front.upstream import Down, Upstream
from front.v2 import V2
from front.wire import Answer, Request

TEXT = {"Content-Type": "text/plain"}
HEALTH = "/healthz"
DOWN = b"The registry behind the local ECR does not answer; the log says more.\n"
log = logging.getLogger("ecr")


class App:
    """The whole front over one state and one registry behind it."""

    def __init__(self, settings: Settings, state: State, upstream: Upstream) -> None:
        self.upstream = upstream
        self.registry = Registry(settings, state, Images(state, upstream, settings.account))
        accounts = Accounts(state, settings)
        self.api, self.v2 = Api(self.registry, accounts), V2(self.registry, accounts)

    def __call__(self, request: Request) -> Answer:
        """The answer to one request."""
        try:
            if request.path == HEALTH:
                return self._health(request)
            if request.path == "/":
                return self.api.answer(request)
            if request.path == "/v2" or request.path.startswith("/v2/"):
                return self.v2.answer(request)
        except Down as fault:
            log.error("The registry behind the front: %s", fault)
            return Answer(503, TEXT, DOWN)
        return Answer(404, TEXT, b"Nothing is here: AWS's API is at /, the registry under /v2/.\n")

    def _health(self, request: Request) -> Answer:
        """Whether both halves work; says nothing else."""
        if request.method not in ("GET", "HEAD"):
            return Answer(405, TEXT, b"Only GET.\n")
        self.registry.state.row("select 1")
        self.upstream.ask("GET", "/v2/").close()
        headers = {"Content-Type": "application/json"}
        return Answer(200, headers, b'{"status": "ok"}\n', is_logged=False)
