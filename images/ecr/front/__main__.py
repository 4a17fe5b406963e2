"""Start the local ECR: its state, the registry behind it, the port; end when any of them does."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

from front import lifecycle, settings
from front.app import App
from front.behind import Behind
from front.server import Server
from front.state import State

TURN_SECONDS = 2.0
log = logging.getLogger("ecr")


def main() -> int:
    """Serve until a signal comes."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(message)s")
    try:
        chosen = settings.read(os.environ)
    except settings.SettingsError as error:
        log.error("%s", error)
        return 2
    chosen.folder.mkdir(parents=True, exist_ok=True)
    state = State(chosen.folder / "state.sqlite")
    if chosen.shift is not None:
        state.keep("shift", str(chosen.shift))
    _introduce(chosen, state)
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    behind = Behind(chosen.folder, state)
    behind.start()
    app = App(chosen, state, behind.upstream)
    with Server(("", chosen.port), app) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        log.info("The local ECR of account %s is ready on port %d.", chosen.account, chosen.port)
        code = _watch(over, behind, app)
        server.shutdown()
    behind.stop()
    state.close()
    return code


def _watch(over: threading.Event, behind: Behind, app: App) -> int:
    """Wait for the end, and meanwhile apply the lifecycle policies that are due."""
    while not over.wait(TURN_SECONDS):
        if behind.process is None or behind.process.poll() is not None:
            log.error("The registry behind the front has ended.")
            return 1
        try:
            gone = lifecycle.apply(app.registry.images, app.registry.state)
        except Exception:
            log.exception("The lifecycle policies could not be applied")
            continue
        if gone:
            log.info("Lifecycle policies expired %d images.", gone)
    return 0


def _introduce(chosen: settings.Settings, state: State) -> None:
    """On the first start, say who may come in; a secret of one's own choice is not repeated."""
    if state.note("introduced"):
        return
    if chosen.is_default_key:
        log.info("The course's own key, for this registry only; AWS knows nothing of it:")
        log.info("  AWS_ACCESS_KEY_ID=%s", chosen.key)
        log.info("  AWS_SECRET_ACCESS_KEY=%s", chosen.secret)
    else:
        log.info("The account's key is %s, with the secret from the environment.", chosen.key)
    state.keep("introduced", "yes")


if __name__ == "__main__":
    raise SystemExit(main())
