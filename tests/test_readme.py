"""What README.md and docs/ say is there is there: links, verbs, chapters, words, messages, dates."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pages
import pytest
import readme

from course import __main__ as command_line
from course import bootstrap, places

ROOT = places.ROOT
DOCS = ROOT / "docs"
FILES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
BY_NAME = [pytest.param(file, id=str(file.relative_to(ROOT))) for file in FILES]
FENCE = re.compile(r"^```[^\n]*\n.*?^```$|(?:^ {4}[^\n]*\n)+", re.DOTALL | re.MULTILINE)
# A verb stands at the start of a command; before it there may be settings such as COURSE_KIT=/media/usb.
MAKE = re.compile(r"^\s*(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", re.MULTILINE)
WHERE_THE_COURSE_SPEAKS = "## What Docker itself says"


def text(file: Path) -> str:
    """A page's text."""
    return file.read_text(encoding="utf-8")


def code(page: str) -> str:
    """What of a page is code: its blocks and what stands between backticks."""
    blocks = [found[0] for found in FENCE.finditer(page)]
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", FENCE.sub("", page))])


def rows(page: str) -> list[list[str]]:
    """The cells of every table row of a page, without head and line below it."""
    lines = re.sub(r"^\|.*\n\|[ :|-]+\|$", "", page, flags=re.MULTILINE).splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("|")]


def broken_links(file: Path) -> list[str]:
    """Relative links of a page that lead nowhere; a part after # must be a heading there."""
    links = re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", text(file)))
    return [link for link in links if "://" not in link and not leads_somewhere(file, link)]


def leads_somewhere(file: Path, link: str) -> bool:
    """Whether *link*, as it stands in *file*, names a file or folder, and a heading if it names one."""
    path, _, anchor = link.partition("#")
    target = (file.parent / path) if path else file
    if not target.exists() or not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", text(target), re.MULTILINE)
    return anchor in {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_readme_shows_the_notebooks_of_today() -> None:
    """Table and picture are what the notebooks say now; .venv/bin/python tests/readme.py brings them up."""
    assert readme.stale() == []


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A copy of what the README is made from and of what is made, fresh."""
    for folder in ("notebooks", "labs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / readme.PICTURE).parent.mkdir()
    shutil.copytree(ROOT / readme.SETUP_ROWS.parent, tmp_path / readme.SETUP_ROWS.parent)
    shutil.copy(ROOT / "README.md", tmp_path)
    readme.write(tmp_path)
    assert readme.stale(tmp_path) == []
    return tmp_path


def test_a_new_measurement_makes_the_readme_stale(small: Path) -> None:
    """The set-up times on the page are those of the last pair of runs, not an author's."""
    file = small / readme.SETUP_ROWS
    origin = '2031-01-02T03:04Z,abc,"Linux, 64 cores, 9 GiB",3.11.7'
    lines = [f"{origin},bare,JupyterLab is open:,777", f"{origin},second time,JupyterLab is open:,55"]
    file.write_text(file.read_text() + "\n".join(lines) + "\n")
    assert readme.stale(small) == ["README.md"]
    readme.write(small)
    assert "2031-01-02 (64 cores, 9 GiB, a Debian mirror near by, no Docker Hub): 777 s" in text(
        small / "README.md"
    )


def test_a_new_promise_makes_the_readme_stale(small: Path) -> None:
    """Who changes a chapter's title hears that the table is older."""
    notebook = small / "notebooks" / "06-ports.ipynb"
    notebook.write_text(text(notebook).replace("# 06 · Port mapping", "# 06 · Doors"), encoding="utf-8")
    assert readme.stale(small) == ["README.md"]
    readme.write(small)
    assert "[Doors](notebooks/06-ports.ipynb)" in text(small / "README.md")


def test_another_title_of_an_incident_makes_the_readme_stale(small: Path) -> None:
    """The incidents have a table of their own, made from their first cells."""
    notebook = next((small / "labs").glob("2*/lab.ipynb"))
    notebook.write_text(
        re.sub(r"# Ticket (\d\d): [^\\]+", r"# Ticket \1: doors", text(notebook)), encoding="utf-8"
    )
    assert readme.stale(small) == ["README.md"]
    readme.write(small)
    assert f"[doors](labs/{notebook.parent.name}/lab.ipynb)" in text(small / "README.md")


def test_another_picture_makes_the_picture_stale(small: Path) -> None:
    """The file must be, byte for byte, the output that the notebook holds."""
    (small / readme.PICTURE).write_bytes(b"drawn by hand")
    assert readme.stale(small) == [str(readme.PICTURE)]


def test_a_chapter_that_says_no_time_is_refused(small: Path) -> None:
    """A gap in the table would pass unseen, so it is an error that names the notebook."""
    notebook = small / "notebooks" / "06-ports-more.ipynb"
    notebook.write_text(text(notebook).replace("**Time**", "**When**"), encoding="utf-8")
    with pytest.raises(readme.ReadmeError, match=re.escape("06-ports-more.ipynb")):
        readme.chapters(small)


def test_every_chapter_and_lab_stands_in_the_readme() -> None:
    """Seen by another eye than the generator's: each notebook in the folders is linked."""
    found = [path.relative_to(ROOT) for path, kind in pages.all_paths().items() if kind != "solution"]
    assert found
    assert [str(path) for path in found if f"]({path})" not in text(ROOT / "README.md")] == []


@pytest.mark.parametrize("file", BY_NAME)
def test_every_relative_link_leads_somewhere(file: Path) -> None:
    """A reader who follows a link arrives."""
    assert broken_links(file) == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    """A file that isn't there, a heading that isn't there; code and other hosts don't count."""
    page = tmp_path / "page.md"
    lines = [
        "# Yes, here",
        "[a](gone.md) [b](#no) [c](#yes-here) [d](https://example.org/x)",
        "    [e](code.md)",
    ]
    page.write_text("\n".join([*lines, ""]))
    assert broken_links(page) == ["gone.md", "#no"]


@pytest.mark.parametrize("file", BY_NAME)
def test_every_verb_that_a_page_names_exists(file: Path) -> None:
    """Verbs of make and of `python -m course`, wherever a page shows them as code."""
    targets = set(re.findall(r"^([a-z-]+):.*## ", text(ROOT / "Makefile"), re.MULTILINE))
    usage = command_line.parser().format_help()
    shown = code(text(file))
    made = set(MAKE.findall(shown))
    called = set(re.findall(r"python -m course ([a-z][a-z-]*)", shown))
    assert targets, "the Makefile has no verbs"
    assert made - targets == set()
    assert {verb for verb in called if not re.search(rf"^\s+{verb}\b", usage, re.MULTILINE)} == set()


def test_pages_do_name_verbs_and_links() -> None:
    """The two tests above have something to test."""
    everything = "\n".join(text(file) for file in FILES)
    assert {"lab", "test", "doctor", "kit", "images"} <= set(MAKE.findall(code(everything)))
    assert len(re.findall(r"\]\(", FENCE.sub("", everything))) > 20


def test_the_support_table_dates_what_was_tried() -> None:
    """A row says "tried" and a date, or "not tried", and nothing in between."""
    states = [row[-1] for row in rows(text(DOCS / "support.md"))]
    assert {
        state for state in states if not re.fullmatch(r"not tried|tried, \d{4}-\d\d-\d\d", state)
    } == set()
    assert any(state.startswith("tried") for state in states)


def test_every_decision_is_on_the_architecture_page() -> None:
    """A decision that no page leads to is not found."""
    decisions = [file.name for file in (DOCS / "decisions").glob("*.md")]
    assert decisions
    assert [name for name in decisions if f"(decisions/{name})" not in text(DOCS / "architecture.md")] == []


def test_the_syllabus_says_which_chapters_are_to_come() -> None:
    """A heading ends in (to come) exactly where no notebook has its number."""
    headings = re.findall(r"^## (\d\d) .*?( \(to come\))?$", text(DOCS / "syllabus.md"), re.MULTILINE)
    here = {chapter.number for chapter in readme.chapters()}
    assert [number for number, _ in headings] == [f"{number:02}" for number in range(15)]
    assert {number for number, to_come in headings if not to_come} == here


# Steps of one experiment in 04, in bold for the eye; no new words.
NOT_NEW = {"read", "write", "delete"}


def bold_words(page: pages.Page) -> set[str]:
    """Words that a chapter sets in bold to explain them: short, and not the start of a sentence or a row."""
    prose = "\n".join(cell.source for cell in page.prose())
    found = re.findall(r"\*\*([^*\n]+)\*\*", re.sub(r"^\|.*$", "", prose, flags=re.MULTILINE))
    return {words for words in found if re.fullmatch(r"(?:[a-z][\w-]*|[A-Z]{2,}\d?)(?: [\w-]+){0,2}", words)}


def chapters_read() -> Iterator[pages.Page]:
    """Every chapter."""
    return (page for page in pages.all_pages() if page.kind == "chapter")


def glossary() -> dict[str, str]:
    """Each entry of the glossary by the words that it explains; most have one."""
    lines = [line for line in text(DOCS / "glossary.md").splitlines() if line.startswith("**")]
    return {term: line for line in lines for term in re.findall(r"\*\*(.+?)\*\*", line)}


def test_every_word_that_a_chapter_explains_stands_in_the_glossary() -> None:
    """A short phrase in bold is a new word; its entry in the glossary links to its chapter."""
    words = {word: page.slug[:2] for page in chapters_read() for word in bold_words(page) - NOT_NEW}
    entries = glossary()
    assert words
    assert {
        word: slug for word, slug in words.items() if f"notebooks/{slug}" not in entries.get(word, "")
    } == {}


def test_the_glossary_is_in_order_and_says_only_what_chapters_show() -> None:
    """Its entries are sorted, and the chapter that one links to has the word."""
    entries = glossary()
    first = list(dict.fromkeys(re.match(r"\*\*(.+?)\*\*", line)[1].lower() for line in entries.values()))  # type: ignore[index]
    assert first == sorted(first)
    prose = {page.path.name: "\n".join(c.source for c in page.prose()).lower() for page in chapters_read()}
    linked = [
        (term, name) for term, line in entries.items() for name in re.findall(r"notebooks/([\w.-]+)", line)
    ]
    assert linked
    assert [(term, name) for term, name in linked if term.lower() not in prose[name]] == []


def messages() -> list[str]:
    """Every text of the package, with … where a value comes in."""
    found = []
    for file in sorted((ROOT / "course").rglob("*.py")):
        for node in ast.walk(ast.parse(text(file))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                found.append(
                    "".join(str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values)
                )
    return [re.sub(r"…(?:\.…)+", "…", message) for message in found]


def test_every_symptom_of_the_course_is_a_message_of_the_course() -> None:
    """Before the section on Docker's words, each first cell stands in the code, … being any value."""
    ours = text(DOCS / "troubleshooting.md").split(WHERE_THE_COURSE_SPEAKS)[0]
    said = "\n".join(messages())
    symptoms = [row[0].strip("`") for row in rows(ours)]
    assert len(symptoms) > 20
    assert [symptom for symptom in symptoms if symptom not in said] == []


def test_the_workflow_calls_make_and_nothing_else() -> None:
    """CI runs the verb that people run, on every Python that the course takes, and keeps only pictures."""
    workflow = text(ROOT / ".github" / "workflows" / "course.yml")
    assert re.findall(r"run: (.*)", workflow) == ["make test"]
    oldest, newest = bootstrap.OLDEST[1], bootstrap.NEWEST[1]
    assert json.loads(re.findall(r"python: (\[.*\])", workflow)[0]) == [
        f"3.{n}" for n in range(oldest, newest + 1)
    ]
    assert re.findall(r"upload-artifact|path: .*", workflow) == ["upload-artifact", "path: artefacts/"]
    assert "secrets." not in workflow


def test_the_devcontainer_sets_up_with_make() -> None:
    """The container for editors calls the same verb and brings an engine of its own."""
    lines = text(ROOT / ".devcontainer" / "devcontainer.json").splitlines()
    content = json.loads("\n".join(line for line in lines if not line.strip().startswith("//")))
    assert content["postCreateCommand"] == "make setup"
    assert content["privileged"] is True
    assert any("target=/var/lib/docker," in mount for mount in content["mounts"])
    stages = re.findall(r"^FROM \S+ AS (\w+)$", text(ROOT / ".devcontainer" / "Dockerfile"), re.MULTILINE)
    assert stages == [content["build"]["target"], "course"]
