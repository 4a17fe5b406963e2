"""Somebody in a room, as a browser is: logs in with a card, waits for JupyterLab, runs cells in a kernel."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import requests
import websocket

SPAWN_SECONDS = 900.0
CELL_SECONDS = 300.0
PAUSE_SECONDS = 0.5


class Refused(Exception):
    """The room didn't let somebody in, or a server didn't start."""


class Visitor:
    """One learner's browser: its cookies, and the address of the room."""

    def __init__(self, address: str, name: str) -> None:
        self.address, self.name, self.web = address.rstrip("/"), name, requests.Session()
        self.web.trust_env = False

    def get(self, path: str, **words: Any) -> requests.Response:
        """Ask for *path* as a page."""
        return self.web.get(self.address + path, timeout=60, **words)

    def log_in(self, word: str) -> Visitor:
        """Show the card at the login page."""
        self.get("/hub/login")
        form = {"username": self.name, "password": word, "_xsrf": self.cookie("_xsrf", "/hub/")}
        answer = self.web.post(f"{self.address}/hub/login", data=form, timeout=60, allow_redirects=False)
        if answer.status_code != 302:
            raise Refused(f"{self.name}: {answer.status_code}")
        return self

    def cookie(self, name: str, path: str) -> str:
        """A cookie's value."""
        found = [each.value for each in self.web.cookies if each.name == name and each.path == path]
        return str(found[0]) if found else ""

    def open_lab(self, within: float = SPAWN_SECONDS) -> None:
        """Ask for a server and wait until JupyterLab's page is there."""
        self.get("/hub/spawn")
        end = time.monotonic() + within
        while time.monotonic() < end:
            answer = self.get(f"/user/{self.name}/lab")
            if answer.status_code == 200 and urlsplit(answer.url).path == f"/user/{self.name}/lab":
                return
            if answer.status_code == 500:
                raise Refused(f"{self.name}: the server did not start")
            time.sleep(PAUSE_SECONDS)
        raise Refused(f"{self.name}: no JupyterLab within {within:.0f} s")

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the own server's API."""
        base = f"/user/{self.name}/"
        answer = self.web.request(
            method, f"{self.address}{base}api/{path}", json=body, timeout=60,
            headers={"X-XSRFToken": self.cookie("_xsrf", base)},
        )  # fmt: skip
        answer.raise_for_status()
        return answer.json() if answer.content else None

    @contextmanager
    def kernel(self, notebook: str) -> Iterator[Kernel]:
        """A kernel for *notebook*, such as "notebooks/06-ports.ipynb"; it ends with the block."""
        wish = {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}}
        session = self.api("POST", "sessions", wish)
        number = session["kernel"]["id"]
        address = f"ws{self.address.removeprefix('http')}/user/{self.name}/api/kernels/{number}/channels"
        cookies = "; ".join(
            f"{each.name}={each.value}"
            for each in self.web.cookies
            if f"/user/{self.name}/".startswith(each.path)
        )
        line = websocket.create_connection(address, timeout=CELL_SECONDS, cookie=cookies, origin=self.address)
        try:
            yield Kernel(line)
        finally:
            line.close()
            # A room that has closed meanwhile has ended it already.
            with suppress(requests.ConnectionError):
                self.api("DELETE", f"sessions/{session['id']}")

    def cells(self, notebook: str) -> list[dict[str, Any]]:
        """The code cells of a notebook on the own server."""
        content = self.api("GET", f"contents/{notebook}")["content"]
        return [cell for cell in content["cells"] if cell["cell_type"] == "code"]

    def run(self, notebook: str) -> tuple[int, list[str]]:
        """Run every cell in turn, stopping at none; gives how many, and the errors that were not expected."""
        failed, cells = [], self.cells(notebook)
        with self.kernel(notebook) as kernel:
            for cell in cells:
                expected = "raises-exception" in cell["metadata"].get("tags", ())
                error = kernel.run(cell["source"]).error
                if error and not expected:
                    failed.append(f"{cell.get('id')}: {error}")
        return len(cells), failed


class Ran:
    """What a cell said, and its error in one line, empty where there was none."""

    def __init__(self) -> None:
        self.text, self.error = "", ""


class Kernel:
    """A kernel at the other end of a websocket."""

    def __init__(self, line: websocket.WebSocket) -> None:
        self.line, self.session = line, uuid.uuid4().hex

    def run(self, source: str, seconds: float = CELL_SECONDS) -> Ran:
        """Run one cell to its end."""
        number, end, ran = uuid.uuid4().hex, time.monotonic() + seconds, Ran()
        head = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": self.session,
                "date": "", "version": "5.4"}  # fmt: skip
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": False}  # fmt: skip
        self.line.send(json.dumps({
            "header": head, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell",
            "buffers": [],
        }))  # fmt: skip
        while time.monotonic() < end:
            self.line.settimeout(max(0.1, end - time.monotonic()))
            try:
                said = json.loads(self.line.recv())
            except websocket.WebSocketTimeoutException:
                break
            if said["parent_header"].get("msg_id") != number:
                continue
            if _take(said, ran):
                return ran
        ran.error = f"no end within {seconds:.0f} s"
        return ran


def _take(said: dict[str, Any], ran: Ran) -> bool:
    """Take down one message; True when the cell is over."""
    kind, content = said["msg_type"], said["content"]
    if kind == "stream":
        ran.text += content["text"]
    elif kind in ("execute_result", "display_data"):
        ran.text += content["data"].get("text/plain", "")
    elif kind == "error":
        ran.error = f"{content['ename']}: {content['evalue'].splitlines()[0] if content['evalue'] else ''}"
    return bool(kind == "status" and content["execution_state"] == "idle")
