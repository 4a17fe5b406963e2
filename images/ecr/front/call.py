"""One signed request to an API of AWS, once it is known whose it is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from front.accounts import Principal
from front.images import Images
from front.refusal import Refusal, invalid
from front.settings import Settings
from front.state import State

T = TypeVar("T")
MOST = 1000


@dataclass(frozen=True)
class Registry:
    """What every operation works on."""

    settings: Settings
    state: State
    images: Images


@dataclass(frozen=True)
class Call:
    """Who asks for what, from which region, and under which name they reached us."""

    registry: Registry
    principal: Principal
    region: str
    host: str
    operation: str
    parameters: dict[str, Any]

    @property
    def account(self) -> str:
        """The only account there is."""
        return self.registry.settings.account

    @property
    def images(self) -> Images:
        """The repositories."""
        return self.registry.images

    def get(self, name: str, otherwise: Any = None) -> Any:
        """A parameter; null counts as absent."""
        found = self.parameters.get(name)
        return otherwise if found is None else found

    def arn(self, repository: str) -> str:
        """A repository's full name."""
        return f"arn:aws:ecr:{self.region}:{self.account}:repository/{repository}"

    def page(
        self, items: Sequence[T], key: Callable[[T], str], size: int | None = None
    ) -> tuple[list[T], dict[str, str]]:
        """One page of *items*, which are in the order of *key*, and the token for the next one."""
        after = self._after()
        rest = [item for item in items if after is None or key(item) > after]
        shown = rest[: size or self.get("maxResults", 100)]
        if len(shown) == len(rest):
            return shown, {}
        token = json.dumps([self.operation, key(shown[-1])])
        return shown, {"nextToken": base64.urlsafe_b64encode(token.encode()).decode()}

    def _after(self) -> str | None:
        token = self.get("nextToken")
        if token is None:
            return None
        try:
            operation, after = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        except (ValueError, TypeError, binascii.Error, RecursionError):
            operation = after = None
        if operation != self.operation or not isinstance(after, str):
            raise invalid("nextToken", "must be a token that this operation gave")
        return after


def of_other_account(call: Call, registry: str) -> Refusal:
    """Asked for a registry that isn't this account's."""
    return Refusal(
        "AccessDeniedException",
        f"User: {call.principal.arn} is not authorized to perform: ecr:{call.operation} on resource: "
        f"arn:aws:ecr:{call.region}:{registry}:repository/{call.get('repositoryName', '*')} "
        f"because no resource-based policy allows the ecr:{call.operation} action",
    )
