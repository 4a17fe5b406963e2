"""A pytest plugin for xdist: which proofs stay together, which come first, which only the first engine runs.

A file's tests stay together, because they share what its fixtures made. Marks change that for a file:
`apart`: each test stands alone and may go to another engine. `by_lab`: what has one lab in its names stays
together. `long`: the pieces take minutes, so they come first, and short ones fill what is left. `fetches`: it
asks registries or package sources, which only this machine's own network reaches.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from engines import HERE
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]
from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

from course import labs


@cache
def marks(file: Path) -> frozenset[str]:
    """The names of the marks in the `pytestmark` of a test file; the file isn't run for that."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            return frozenset(part.attr for part in ast.walk(node.value) if isinstance(part, ast.Attribute))
    return frozenset()


def lab_in(nodeid: str) -> str:
    """The lab that a test's name tells in its brackets; empty where it tells none."""
    return max((slug for slug in labs.slugs() if slug in nodeid.partition("[")[2]), key=len, default="")


class Sharing(LoadScopeScheduling):  # type: ignore[misc]
    """The next piece of work goes to whoever is free, except what must stay here."""

    def _split_scope(self, nodeid: str) -> str:
        if self._has("apart", nodeid):
            return nodeid
        file = nodeid.split("::")[0]
        return f"{file}::{lab_in(nodeid)}" if self._has("by_lab", nodeid) else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        """Put the first piece that *node* is to do in front; when none is left for it, it is done."""
        here = node.gateway.spec.id == HERE
        only_here = [scope for scope in self.workqueue if self._has("fetches", scope)]
        others = [scope for scope in self.workqueue if scope not in only_here]
        others.sort(key=lambda scope: not self._has("long", scope))
        mine = (only_here if here else []) + others
        if not mine:
            node.shutdown()
            return
        self.workqueue.move_to_end(mine[0], last=False)
        super()._assign_work_unit(node)

    def _has(self, mark: str, scope: str) -> bool:
        return mark in marks(self.config.rootpath / scope.split("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """What xdist asks for."""
    return Sharing(config, log)
