"""What a person does on the demo's two pages with mouse and keyboard; asks neither engine nor database."""

from __future__ import annotations

from playwright.sync_api import Page, expect

FIELDS = {"name": "Ana", "email": "ana@example.org", "interests": "tides & <charts>"}
NEW = '{"userid": 7, "name": "Kim"}'


def fill_in_the_profile(page: Page, url: str) -> None:
    """Open the app's page, write each field, save, and see all of it after a reload."""
    page.goto(url)
    page.get_by_role("button", name="Edit profile").click()
    for field, words in FIELDS.items():
        page.get_by_label(field.capitalize()).fill(words)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    page.reload()
    sees(page, **FIELDS)


def sees(page: Page, **fields: str) -> None:
    """The app's page that is open shows these values."""
    for field, words in fields.items():
        expect(page.locator(f"#shown-{field}")).to_have_text(words)


def open_the_collection(page: Page, url: str) -> None:
    """Go from mongo-express' first page to the database and its collection."""
    page.goto(url)
    page.get_by_role("link", name="user-account").first.click()
    page.get_by_role("link", name="users", exact=True).first.click()
    expect(page.get_by_role("heading", name="Viewing Collection: users")).to_be_visible()


def rename(page: Page, old: str, new: str) -> None:
    """Open the document in which the name is *old*, write *new* over it, and save."""
    # A row does nothing before the page's script has come.
    page.wait_for_load_state("load")
    page.get_by_role("cell", name=old, exact=True).click()
    expect(page.get_by_role("heading", name="Editing Document")).to_be_visible()
    page.locator(".CodeMirror-line").get_by_text(f"'{old}'", exact=True).dblclick()
    page.keyboard.type(new)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Document updated!")).to_be_visible()


def add(page: Page, document: str) -> None:
    """Write a new document in the collection that is open, and save."""
    page.wait_for_load_state("load")
    page.get_by_role("button", name="New Document").click()
    page.locator(".modal.in .CodeMirror").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(document)
    page.locator(".modal.in").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Document added!")).to_be_visible()
