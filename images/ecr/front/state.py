"""One small SQLite file that survives kill -9: what this registry knows besides the images' bytes."""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TABLES = """
create table if not exists notes (name text primary key, value text not null) without rowid;
create table if not exists users (id text primary key, name text unique not null, created real not null);
create table if not exists keys (
  id text primary key, secret text not null, created real not null,
  owner text not null references users on delete cascade);
create table if not exists attached (
  owner text not null references users on delete cascade, policy text not null,
  primary key (owner, policy)) without rowid;
create table if not exists repositories (
  id text primary key, name text unique not null, created real not null, mutability text not null,
  scans integer not null, policy text, policy_put real not null default 0, applied real not null default 0,
  preview text);
create table if not exists labels (
  repository text not null references repositories on delete cascade, name text not null, value text not null,
  primary key (repository, name)) without rowid;
create table if not exists images (
  repository text not null references repositories on delete cascade, digest text not null,
  type text not null, artifact text, size integer not null, pushed real not null, pulled real,
  primary key (repository, digest)) without rowid;
create table if not exists parts (
  repository text not null, whole text not null, part text not null,
  primary key (repository, whole, part),
  foreign key (repository, whole) references images on delete cascade) without rowid;
create table if not exists tags (
  repository text not null, name text not null, digest text not null,
  primary key (repository, name),
  foreign key (repository, digest) references images on delete cascade) without rowid;
create index if not exists tags_of on tags (repository, digest);
"""


class State:
    """The file, and the server's clock; one thread writes at a time."""

    def __init__(self, file: Path) -> None:
        self._lock = threading.RLock()
        self._file = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=10)
        self._file.row_factory = sqlite3.Row
        # Each change is on the disk before it is confirmed.
        self._file.executescript(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;"
        )
        self._file.executescript(TABLES)

    @contextmanager
    def change(self) -> Iterator[None]:
        """All changes of the block, or none."""
        with self._lock:
            if self._file.in_transaction:
                yield
                return
            self._file.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._file.execute("rollback")
                raise
            self._file.execute("commit")

    def rows(self, question: str, *values: object) -> list[sqlite3.Row]:
        """Every row that *question* finds."""
        with self._lock:
            return self._file.execute(question, values).fetchall()

    def row(self, question: str, *values: object) -> sqlite3.Row | None:
        """The first row, if any."""
        found = self.rows(question, *values)
        return found[0] if found else None

    def run(self, statement: str, *values: object) -> int:
        """Change something; gives the number of rows changed."""
        with self._lock:
            return self._file.execute(statement, values).rowcount

    def note(self, name: str) -> str | None:
        """A word kept under *name*."""
        found = self.row("select value from notes where name = ?", name)
        return str(found["value"]) if found else None

    def keep(self, name: str, value: str) -> None:
        """Keep a word under *name*."""
        self.run("insert or replace into notes values (?, ?)", name, value)

    def secret(self, name: str) -> str:
        """A random word under *name*, made when it is first asked for."""
        if (found := self.note(name)) is not None:
            return found
        with self.change():
            if self.note(name) is None:
                self.keep(name, secrets.token_hex(32))
            return self.note(name) or ""

    @property
    def shift(self) -> int:
        """By how many seconds the server's clock is ahead of the true one."""
        return int(self.note("shift") or 0)

    def now(self) -> float:
        """The time by which tokens and images age; signatures go by the true one."""
        return time.time() + self.shift

    def close(self) -> None:
        """Close the file."""
        self._file.close()
