"""The demo's page in a real browser, run as chapter 08 runs it: what one saves is there after a reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser
import pytest
from image_runs import container, host_port, inside, logged, unique
from playwright.sync_api import Page, expect

from course import engine

APP = Path(__file__).resolve().parent.parent / "demo" / "app"
ROOT_USER = {"MONGO_INITDB_ROOT_USERNAME": "admin", "MONGO_INITDB_ROOT_PASSWORD": "secret"}
LOGIN = {"MONGO_HOST": "mongodb", "MONGO_USERNAME": "admin", "MONGO_PASSWORD": "secret"}
FIELDS = {"name": "Grace Example", "email": "grace@example.org", "interests": "compilers & <ships>"}
READY = "until curl --silent --fail --output /dev/null http://127.0.0.1:4873/-/ping; do :; done"


@pytest.fixture(scope="module")
def network() -> Iterator[str]:
    """A network of this test's own."""
    made = engine.client().networks.create(unique("page"))
    yield str(made.name)
    made.remove()


@pytest.fixture(scope="module")
def modules(network: str) -> Iterator[str]:
    """A volume with the app's packages, brought by npm from the kit's registry on the same network."""
    made = engine.client().volumes.create(unique("modules"))
    mounts = [f"{made.name}:/work/node_modules"]
    mounts += [f"{APP / name}:/work/{name}:ro" for name in ("package.json", "package-lock.json")]
    try:
        with container("course/npm:1", network=network) as packages:
            inside(packages, "timeout", "30", "bash", "-c", READY)
            command = ["npm", "ci", "--omit=dev", "--registry", f"http://{packages.name}:4873"]
            with container(
                "node:24-slim", *command, network=network, volumes=mounts, working_dir="/work"
            ) as npm:
                assert npm.wait(timeout=120)["StatusCode"] == 0, npm.logs().decode()
        yield str(made.name)
    finally:
        made.remove()


@pytest.fixture(scope="module")
def url(network: str, modules: str) -> Iterator[str]:
    """The address of the app, whose database is a neighbour named mongodb."""
    mounts = [f"{APP}:/app:ro", f"{modules}:/node_modules:ro"]
    with container("mongo:8.0", environment=ROOT_USER) as store:
        engine.client().networks.get(network).connect(store, aliases=["mongodb"])
        logged("Waiting for connections", store)
        with container(
            "node:24-slim", "node", "/app/server.js", environment=LOGIN, network=network, volumes=mounts,
            ports={"3000/tcp": ("127.0.0.1", None)},
        ) as app:  # fmt: skip
            logged("database at mongodb:27017: connected", app)
            yield f"http://127.0.0.1:{host_port(app, '3000/tcp')}"


def test_what_is_saved_on_the_page_is_there_after_a_reload(url: str, tmp_path: Path) -> None:
    """Fill the form, save, reload: the page shows the record as text, and no script of it failed."""
    failed: list[str] = []
    with browser.page(tmp_path / "profile", height=700) as page:
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.goto(url)
        expect(page.locator("#shown-name")).to_have_text("Ada Example")
        expect(page.locator("#message")).to_have_text("Nothing is saved yet: this is an example.")
        fill(page)
        expect(page.locator("#message")).to_have_text("Saved.")
        page.reload()
        for name, text in FIELDS.items():
            expect(page.locator(f"#shown-{name}")).to_have_text(text)
        expect(page.locator("#message")).to_have_text("")
        expect(page.locator("#served")).to_contain_text("Version 1.0.0, served by ")
        browser.keep(page, "profile")
    assert failed == []


def test_an_email_that_is_none_is_not_saved(url: str, tmp_path: Path) -> None:
    """The browser keeps such a form back, so the record stays as it was."""
    with browser.page(tmp_path / "profile", height=700) as page:
        page.goto(url)
        expect(page.locator("#edit")).to_be_enabled()
        before = page.locator("#shown-email").inner_text()
        fill(page, email="nobody")
        expect(page.locator("#form")).to_be_visible()
        page.reload()
        expect(page.locator("#edit")).to_be_enabled()
        expect(page.locator("#shown-email")).to_have_text(before)


def fill(page: Page, **other: str) -> None:
    """Write the fields into the form and press Save, as a person does."""
    page.locator("#edit").click()
    for name, text in (FIELDS | other).items():
        page.locator(f"#{name}").fill(text)
    page.get_by_role("button", name="Save").click()
