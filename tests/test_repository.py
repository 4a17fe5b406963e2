"""The tree itself: what lies in it belongs there, names no site's host, and passes the linters."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlsplit

import pages
import pytest
from test_staleness import files, texts

from course import debian, engine

ROOT = pages.ROOT
LARGEST_BYTES = 2 * 1000 * 1000
PROGRAMS = Path(sys.executable).parent
URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"\\,;]+")

# Each file of the tree fits one of these; * stands for any text, slashes included.
EXPECTED = (
    ".ci/run", ".devcontainer/devcontainer.json", ".devcontainer/Dockerfile", ".dockerignore",
    ".editorconfig", ".gitattributes", ".gitignore",
    ".github/ISSUE_TEMPLATE/*.yml", ".github/workflows/*.yml",
    "CHANGELOG.md", "LICENSE", "Makefile", "README.md",
    "environment.yml", "pyproject.toml", "requirements*.lock", "web/package.json", "web/package-lock.json",
    "editions/*.py", "editions/*.toml", "editions/*.css", "editions/*.js", "editions/*.j2", "editions/*.html",
    "room/*.py", "room/*.html", "room/*.yaml", "room/*.md", "room/inside/*",
    "room/kubernetes/Dockerfile", "room/kubernetes/in-pod", "room/kubernetes/start-server",
    "benchmarks/*.py", "benchmarks/*.csv", "benchmarks/*.md", "benchmarks/*.sh", "benchmarks/results/*",
    "course/*.py", "demo/README.md", "demo/app/*", "demo/Dockerfile", "demo/.dockerignore",
    "demo/compose.yaml", "demo/Jenkinsfile", "demo/.github/workflows/*.yml", "demo/pipeline/*",
    "docs/*.md", "docs/picture.png", "docs/results.schema.json", "docs/workflows/*.yml",
    "images/kit.toml", "notebooks/misconceptions.toml",
    "tests/*.py", "tests/sanitize.cfg", "tests/attacks/*.toml",
    "benchmarks/peers/labs/*/lab.ipynb", "benchmarks/peers/solutions/*/lab.ipynb",
    "benchmarks/peers/solutions/*/wrong/*.toml", "benchmarks/peers/requirements.*",
)  # fmt: skip


def apt_addresses() -> Iterator[str]:
    """Where apt gets packages, also by a source that is switched off, and through which proxy."""
    folder = Path("/etc/apt")
    for file in [*folder.glob("*.list"), *folder.glob("sources.list.d/*")]:
        yield from URL.findall(file.read_text(encoding="utf-8", errors="replace"))
    for file in folder.glob("apt.conf.d/*"):
        text = file.read_text(encoding="utf-8", errors="replace")
        yield from URL.findall(re.sub(r"^\s*(#|//).*$", "", text, flags=re.MULTILINE))


def program_addresses() -> Iterator[str]:
    """Where pip, npm and the engine get theirs, as they themselves say."""
    npm = shutil.which("npm")
    commands = [[sys.executable, "-m", "pip", "config", "list"]]
    commands += [[npm, "config", "get", "registry"]] if npm else []
    for command in commands:
        yield from URL.findall(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    config = engine.client().info().get("RegistryConfig") or {}
    yield from (mirror for mirror in config.get("Mirrors") or [])


def environment_addresses() -> Iterator[str]:
    """What the environment says of proxies, indexes and registries."""
    for name, value in os.environ.items():
        if re.search(r"proxy|index|registry|mirror", name, re.IGNORECASE):
            yield from URL.findall(value)


def hosts() -> set[str]:
    """Hosts that this machine's own settings name for packages and images; loopback is nobody's."""
    addresses = [*apt_addresses(), *program_addresses(), *environment_addresses()]
    found = {urlsplit(address).hostname or "" for address in addresses}
    return {host for host in found if "." in host and not re.match(r"(127\.|0\.0\.0\.0|localhost)", host)}


def naming(text: str, among: set[str]) -> list[str]:
    """Those hosts *among* which *text* names one."""
    return sorted(host for host in among if re.search(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", text))


def test_no_file_names_a_host_of_this_site() -> None:
    """No page, recipe, lock, notebook or stored output names where this machine gets its packages."""
    known = hosts()
    if debian.is_debian():
        assert known, "apt has sources, and no host could be read from them"
    found = {name: naming(text, known) for name, text in texts().items()}
    assert len(found) > 100
    assert {name: named for name, named in found.items() if named} == {}


def test_a_host_in_a_text_is_seen() -> None:
    """A host is found in an address and alone, and not as a part of another name."""
    for text in ("https://mirror.example.com/simple", "mirror.example.com", "mirror.example.com:443/x"):
        assert naming(text, {"mirror.example.com"}) == ["mirror.example.com"]
    for text in ("my-mirror.example.com", "mirror-example-com", "mirror.example.community"):
        assert naming(text, {"mirror.example.com"}) == []


def test_no_file_is_large() -> None:
    """Nobody downloads more than 2 MB for one file; images and archives are made, not stored."""
    sizes = {name: (ROOT / name).stat().st_size for name in files()}
    assert {name: size for name, size in sizes.items() if size > LARGEST_BYTES} == {}


def unexpected(names: list[str]) -> list[str]:
    """Files that belong to no part of the course."""
    kit = tomllib.loads((ROOT / "images" / "kit.toml").read_text(encoding="utf-8"))
    recipes = {f"images/{image['recipe']}/*" for image in kit.values() if "recipe" in image}
    slugs = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    beside = (".ipynb", ".quiz.toml", ".puzzles.toml", "/*")
    chapters = {f"notebooks/{slug}{end}" for slug in slugs for end in beside}
    labs = {path.name for path in (ROOT / "labs").iterdir() if (path / "lab.ipynb").exists()}
    own = {f"labs/{slug}/*" for slug in labs}
    own |= {
        f"solutions/{slug}/{file}" for slug in labs for file in ("lab.ipynb", "wrong/*.toml", "other/*.toml")
    }
    patterns = [*EXPECTED, *recipes, *chapters, *own]
    left = [name for name in names if not any(fnmatch(name, pattern) for pattern in patterns)]
    return [name for name in left if not is_copy_of_a_starter(name)]


def is_copy_of_a_starter(name: str) -> bool:
    """Whether this is the lab's own file, byte by byte, where its solution runs and needs it too."""
    place, _, rest = name.partition("/")
    starter, copy = ROOT / "labs" / rest, ROOT / name
    return place == "solutions" and starter.is_file() and starter.read_bytes() == copy.read_bytes()


def test_every_file_belongs_somewhere() -> None:
    """A recipe is named by the kit, a folder of files goes with its chapter, a solution with its lab."""
    names = list(files())
    assert len(names) > 100
    assert unexpected(names) == []


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "images/forgotten/Dockerfile", "notebooks/99-none/a.js", "solutions/06-ports/old.ipynb",
     "notebooks/99-none.quiz.toml", "labs/99-none/lab.ipynb", "Untitled.ipynb",
     "course/cache.json", "tests/out.log"],
)  # fmt: skip
def test_a_file_that_belongs_nowhere_is_seen(name: str) -> None:
    """Something left behind in any corner of the tree is reported."""
    assert unexpected([name]) == [name]


def test_every_module_beside_the_tests_is_used() -> None:
    """No module in tests/ is left that no test and no verb of the Makefile needs."""
    folder = ROOT / "tests"
    text = {file.stem: file.read_text(encoding="utf-8") for file in folder.glob("*.py")}
    verbs = (ROOT / "Makefile").read_text(encoding="utf-8")

    def is_used(name: str) -> bool:
        word = re.compile(rf"\b(?:import|from) (?:\w+, )*{name}\b|\"{name}\"")
        others = (content for stem, content in text.items() if stem != name)
        return f"tests/{name}.py" in verbs or any(word.search(content) for content in others)

    beside = [name for name in text if not name.startswith("test_") and name != "conftest"]
    assert beside
    assert [name for name in beside if not is_used(name)] == []


LINTERS = {
    "ruff check": ["ruff", "check", "."],
    "ruff format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy"],
    "codespell": ["codespell"],
}


@pytest.mark.parametrize("command", LINTERS.values(), ids=LINTERS)
def test_the_linter_has_nothing_to_say(command: list[str]) -> None:
    """Style, order, types and spelling of the whole tree are clean."""
    program, *words = command
    done = subprocess.run(
        [str(PROGRAMS / program), *words], cwd=ROOT,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_make_lint_runs_the_same_linters() -> None:
    """What people run by hand is what is proven here."""
    verbs = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(".venv/bin/" + " ".join(words) in verbs for words in LINTERS.values())


def test_make_prints_every_verb() -> None:
    """`make` alone lists each target with a word on what it does, and each is phony."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    listed = re.findall(r"^ +make ([a-z-]+) +\S", shown.stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert targets
    assert phony is not None
    assert sorted(targets) == sorted(listed) == sorted(phony[1].split())
