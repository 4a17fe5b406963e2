"""Who may log in to the room's hub: whoever has a card; there is no sign-up."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.auth import Authenticator

from room import cards


class CardAuthenticator(Authenticator):  # type: ignore[misc]
    """Asks for the name and the word of a card."""

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """The name, if the word fits; hashing must not hold up the hub."""
        name, word = data["username"].strip().lower(), data["password"]
        if len(word) > 100 or not await asyncio.to_thread(cards.fits, cards.kept(), name, word):
            return None
        return name
