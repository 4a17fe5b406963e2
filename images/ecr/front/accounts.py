"""Who may sign: the account itself, its users, their keys and policies."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass

from front import policies
from front.refusal import Refusal
from front.settings import Settings
from front.state import State

ROOT = "root"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
MOST_KEYS = 2


@dataclass(frozen=True)
class Principal:
    """Somebody who has proven who they are; *owner* is a user's id, or the account's own."""

    owner: str
    arn: str
    policies: tuple[str, ...]

    @property
    def is_root(self) -> bool:
        """Whether it is the account itself, which may do everything."""
        return self.owner == ROOT

    def may(self, action: str) -> bool:
        """Whether its policies permit *action*."""
        return self.is_root or policies.permits(self.policies, action)

    def demand(self, action: str, resource: str) -> None:
        """Raise unless it may do *action* on *resource*."""
        if not self.may(action):
            raise Refusal(
                "AccessDeniedException",
                f"User: {self.arn} is not authorized to perform: {action} on resource: {resource} "
                f"because no identity-based policy allows the {action} action",
            )


class Accounts:
    """The users of one account."""

    def __init__(self, state: State, settings: Settings) -> None:
        self.state, self.settings = state, settings

    def secret_of(self, key: str) -> str | None:
        """The secret that belongs to an access key."""
        if key == self.settings.key:
            return self.settings.secret
        found = self.state.row("select secret from keys where id = ?", key)
        return str(found["secret"]) if found else None

    def owner_of(self, key: str) -> str:
        """Whose key it is; the key is known to exist."""
        if key == self.settings.key:
            return ROOT
        found = self.state.row("select owner from keys where id = ?", key)
        return str(found["owner"]) if found else ""

    def principal(self, owner: str) -> Principal:
        """Whoever has this id today; raises where the user is gone."""
        if owner == ROOT:
            return Principal(ROOT, f"arn:aws:iam::{self.settings.account}:root", ())
        found = self.state.row("select name from users where id = ?", owner)
        if found is None:
            raise Refusal(
                "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        attached = self.state.rows("select policy from attached where owner = ? order by policy", owner)
        return Principal(owner, self.arn(found["name"]), tuple(row["policy"] for row in attached))

    def arn(self, name: str) -> str:
        """A user's full name."""
        return f"arn:aws:iam::{self.settings.account}:user/{name}"

    def user(self, name: str) -> sqlite3.Row:
        """A user by name; raises where there is none."""
        found = self.state.row("select * from users where name = ?", name)
        if found is None:
            raise Refusal("NoSuchEntity", f"The user with name {name} cannot be found.", 404)
        return found

    def create(self, name: str) -> sqlite3.Row:
        """A new user, without keys and policies."""
        with self.state.change():
            if self.state.row("select 1 from users where name = ?", name):
                raise Refusal("EntityAlreadyExists", f"User with name {name} already exists.", 409)
            self.state.run("insert into users values (?, ?, ?)", _identity("AIDA"), name, self.state.now())
            return self.user(name)

    def delete(self, name: str) -> None:
        """Remove a user who has neither keys nor policies."""
        with self.state.change():
            owner = self.user(name)["id"]
            for table, what in (("keys", "access keys"), ("attached", "policies")):
                if self.state.row(f"select 1 from {table} where owner = ?", owner):
                    words = "detach all" if table == "attached" else "delete"
                    raise Refusal("DeleteConflict", f"Cannot delete entity, must {words} {what} first.", 409)
            self.state.run("delete from users where id = ?", owner)

    def create_key(self, name: str) -> sqlite3.Row:
        """A new access key for a user; its secret is shown this once."""
        with self.state.change():
            owner = self.user(name)["id"]
            if len(self.keys(name)) >= MOST_KEYS:
                words = f"Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}"
                raise Refusal("LimitExceeded", words, 409)
            key, secret = _identity("AKIA"), secrets.token_urlsafe(30).replace("-", "+").replace("_", "/")
            self.state.run("insert into keys values (?, ?, ?, ?)", key, secret, self.state.now(), owner)
            return self.keys(name)[-1]

    def keys(self, name: str) -> list[sqlite3.Row]:
        """A user's keys, oldest first."""
        owner = self.user(name)["id"]
        return self.state.rows("select * from keys where owner = ? order by created", owner)

    def delete_key(self, name: str, key: str) -> None:
        """Remove one key of a user."""
        owner = self.user(name)["id"]
        if not self.state.run("delete from keys where id = ? and owner = ?", key, owner):
            raise Refusal("NoSuchEntity", f"The Access Key with id {key} cannot be found.", 404)

    def attach(self, name: str, policy: str) -> None:
        """Give a user a policy."""
        if policy not in policies.MANAGED:
            raise Refusal("NoSuchEntity", f"Policy {policy} does not exist or is not attachable.", 404)
        owner = self.user(name)["id"]
        self.state.run("insert or ignore into attached values (?, ?)", owner, policy)

    def detach(self, name: str, policy: str) -> None:
        """Take a policy from a user."""
        owner = self.user(name)["id"]
        if not self.state.run("delete from attached where owner = ? and policy = ?", owner, policy):
            raise Refusal("NoSuchEntity", f"Policy {policy} was not found.", 404)


def _identity(prefix: str) -> str:
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(16))
