"""Links from a chapter's new words to the glossary, and the anchors that they lead to; it writes no words."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from course import places

GLOSSARY = Path("docs") / "glossary.md"
# A short phrase in bold is a new word: no sentence, no beginning of a line such as **Predict:**.
NEW_WORD = r"(?:[a-z.][\w.-]*|[A-Z][\w-]*)(?: [\w-]+){0,2}"
BOLD = re.compile(rf"(?<!\[)\*\*({NEW_WORD})\*\*")
CODE = re.compile(r"^```.*?^```$|^ {4}.*$|^\|.*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def anchor(term: str) -> str:
    """The name of a term's place in the glossary."""
    return re.sub(r"\W+", "-", term.lower()).strip("-")


def terms(text: str) -> dict[str, str]:
    """Each term of the glossary with its anchor; most entries have one."""
    lines = [line for line in text.splitlines() if line.startswith("**")]
    return {term: anchor(term) for line in lines for term in re.findall(r"\*\*(.+?)\*\*", line)}


def with_anchors(text: str) -> str:
    """The glossary with a line of anchors above each entry, and no others."""
    bare = re.sub(r"^<a id=.*\n", "", text, flags=re.MULTILINE)
    return re.sub(r"^\*\*.*$", lambda found: f"{_anchors(found[0])}\n{found[0]}", bare, flags=re.MULTILINE)


def _anchors(entry: str) -> str:
    return "".join(f'<a id="{place}"></a>' for place in terms(entry).values())


def linked(source: str, known: dict[str, str]) -> str:
    """Markdown whose bold terms are links; code, tables and what is a link already stay as they are."""
    parts, last = [], 0
    for code in CODE.finditer(source):
        parts += [_linked(source[last : code.start()], known), code[0]]
        last = code.end()
    return "".join([*parts, _linked(source[last:], known)])


def _linked(prose: str, known: dict[str, str]) -> str:
    def link(found: re.Match[str]) -> str:
        place = known.get(found[1])
        return f"[{found[0]}](../{GLOSSARY}#{place})" if place else found[0]

    return BOLD.sub(link, prose)


def notebook(text: str, known: dict[str, str]) -> str:
    """A notebook's file with its terms linked: nothing but markdown cells changes."""
    content = json.loads(text)
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = linked("".join(cell["source"]), known).splitlines(keepends=True)
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def fresh(root: Path = places.ROOT) -> dict[Path, str]:
    """Each file that isn't as it should be, and how it should be."""
    glossary = root / GLOSSARY
    text = glossary.read_text(encoding="utf-8")
    files = {file: file.read_text(encoding="utf-8") for file in sorted((root / "notebooks").glob("*.ipynb"))}
    wanted = {glossary: with_anchors(text)} | {f: notebook(old, terms(text)) for f, old in files.items()}
    return {file: new for file, new in wanted.items() if new != files.get(file, text)}


def main(arguments: list[str]) -> int:
    """Write the links and anchors, or with --check only name the files that lack some."""
    stale = fresh()
    for file, text in stale.items():
        if arguments == ["--check"]:
            print(f"{file} lacks links. Next: .venv/bin/python tests/glossary_links.py", file=sys.stderr)
        else:
            file.write_text(text, encoding="utf-8")
            print(file)
    return 1 if stale and arguments == ["--check"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
