"""The house style as rules on a notebook's text: each gives its faults as sentences; it runs nothing."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pages
from pages import UNCOMPARED, Cell, Page

Rule = Callable[[Page], list[str]]

WORDS = 120  # in a markdown cell that is prose alone
CODE_LINES = 12
CODE_COLUMNS = 110  # as in the package; a command that is longer has one flag a line
CELLS = 90  # twice what a chapter usually has; past 60 it is better split
PICTURES = 4
# A chapter opens before all others: it has no earlier ones to ask about, and explains the cell it is in.
FIRST = "00"
SECOND_HALF = "-more"
ENDING = ("Check yourself", "Recap", "Clean up", "What's next")
RECAP_HEAD = "| command | what it does | when |"
NEEDS = ("**Time**", "**Needs**", "**Images**")
JUDGING = re.compile(r"\b(simply|just|easy|easily|obviously|trivial|trivially)\b", re.IGNORECASE)
TAGS = {"chapter": {UNCOMPARED}, "solution": {UNCOMPARED, "answer"}, "lab": {UNCOMPARED, "answer"}}


def prose_lines(source: str) -> Iterator[str]:
    """Lines of running text: no table, no list, no heading, no code, no HTML; code spans become a word."""
    text = re.sub(r"^```.*?^```$", "", source, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`\n]+`", "Code", text)
    for line in text.splitlines():
        if line.strip() and not re.match(r"\s{4}|\s*[-*] |\s*\d+\. |\s{2,}\S|#|\||<", line):
            yield line


def headings(page: Page, level: int) -> list[str]:
    """The headings of one level, in order."""
    found = (
        re.findall(rf"^#{{{level}}} (.+)$", _without_code(cell.source), re.MULTILINE) for cell in page.prose()
    )
    return [heading for cell in found for heading in cell]


def _without_code(source: str) -> str:
    return re.sub(r"^```.*?^```$|^ {4}.*$", "", source, flags=re.MULTILINE | re.DOTALL)


# The skeleton of a chapter.


def opens_with_a_title_and_a_promise(page: Page) -> list[str]:
    """The first cell is one H1 with the chapter's number, and one sentence; there is no other H1."""
    number = re.escape(page.slug[:2])
    faults = []
    if not re.fullmatch(rf"# {number} · .+\n\n[^\n]+[.?]", page.cells[0].source.strip()):
        faults.append(f"the first cell is not '# {page.slug[:2]} · Title' and one sentence below it")
    return faults + [f"there are {n} H1" for n in [len(headings(page, 1))] if n != 1]


def says_what_it_needs_and_gives(page: Page) -> list[str]:
    """The second cell has a table with time, needs and images, and three things that one learns to do."""
    source = page.cells[1].source
    faults = [f"the second cell's table has no row {row}" for row in NEEDS if f"| {row} |" not in source]
    goals = re.findall(r"^- .*\*\w+\*", source.partition("**You will be able to**")[2], re.MULTILINE)
    return faults + (
        [] if len(goals) == 3 else [f"it names {len(goals)} things with an *emphasised verb*, not 3"]
    )


def starts_with_a_short_set_up(page: Page) -> list[str]:
    """The first code cell is the third cell, has at most three lines, and starts this notebook."""
    cell = page.code()[0]
    faults = []
    if cell is not page.cells[2] and not page.slug.startswith(FIRST):
        faults.append("the third cell is not the set-up cell")
    if len([line for line in cell.lines() if line.strip()]) > 3:
        faults.append("the set-up cell has more than three lines")
    if f'lesson.start("{page.name}")' not in cell.source:
        faults.append(f"the set-up cell does not call lesson.start for {page.name}")
    return faults


def warms_up(page: Page) -> list[str]:
    """After the set-up come two questions from earlier chapters."""
    if page.slug.startswith(FIRST):
        return []
    source = page.cells[3].source
    warm = source.startswith("### Warm-up") and source.count("<details><summary>") == 2
    return [] if warm else ["the fourth cell is not '### Warm-up…' with two questions in <details>"]


def ends_as_every_chapter_ends(page: Page) -> list[str]:
    """Last come questions, a recap table, the clean-up and what is next; before them three sections or more."""
    found = headings(page, 2)
    faults = (
        [] if tuple(found[-4:]) == ENDING else [f"the last sections are {found[-4:]}, not {list(ENDING)}"]
    )
    if not 3 <= len(found) - 4 <= 10:
        faults.append(f"it has {len(found) - 4} sections before them, not 3 to 10")
    by_heading = {cell.source.splitlines()[0].lstrip("# "): cell.source for cell in page.prose()}
    if by_heading.get("Check yourself", "").count("<details><summary>") < 2:
        faults.append("'Check yourself' asks fewer than two questions in <details>")
    if RECAP_HEAD not in by_heading.get("Recap", ""):
        faults.append(f"'Recap' has no table {RECAP_HEAD}")
    if "](../labs/" not in page.cells[-1].source:
        faults.append("the last cell links to no lab")
    last = page.code()[-2:]
    if not last[0].is_shell or last[-1].source != "lesson.leftovers()":
        faults.append("the last two code cells are not a %%shell clean-up and lesson.leftovers()")
    return faults


def breaks_something_on_purpose(page: Page) -> list[str]:
    """A chapter provokes at least one failure; its second half need not."""
    fails = any(re.match(r"%%shell.*--expect [1-9]", cell.source) for cell in page.code())
    return [] if fails or page.slug.endswith(SECOND_HALF) else ["no cell fails on purpose (--expect N)"]


def is_not_too_long(page: Page) -> list[str]:
    """A chapter that is too long is split in two."""
    return [] if len(page.cells) <= CELLS else [f"it has {len(page.cells)} cells, more than {CELLS}"]


# The rhythm and the sentences.


def words_stand_between_code_cells(page: Page) -> list[str]:
    """Two code cells touch only where the second shows, proves or asks about what the first did."""
    touching = [
        (before, after) for before, after in pairwise(page.cells) if before.kind == after.kind == "code"
    ]
    return [f"no words between {a.id} and {b.id}" for a, b in touching if not may_touch(a, b)]


def may_touch(before: Cell, after: Cell) -> bool:
    """Measure and picture, anything and its assertion, and calls such as lesson.predict with what they are about."""
    return is_picture(after) or is_proof(after) or is_lesson_call(before) or is_lesson_call(after)


def is_picture(cell: Cell) -> bool:
    """Whether the cell draws."""
    return cell.is_python and "plots." in cell.source


def is_proof(cell: Cell) -> bool:
    """Whether the cell's last statement asserts something."""
    tree = parsed(cell)
    return bool(tree and tree.body and isinstance(tree.body[-1], ast.Assert))


def is_lesson_call(cell: Cell) -> bool:
    """Whether the cell is nothing but a call such as lesson.predict(…)."""
    tree = parsed(cell)
    if tree is None or len(tree.body) != 1:
        return False
    return isinstance(tree.body[0], ast.Expr) and cell.source.startswith("lesson.")


def parsed(cell: Cell) -> ast.Module | None:
    """The cell as Python, None where it isn't."""
    if not cell.is_python:
        return None
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return None


def prose_is_short(page: Page) -> list[str]:
    """A markdown cell of prose has at most 120 words; tables, lists, questions and code are not counted."""
    counts = {cell.id: sum(len(line.split()) for line in prose_lines(cell.source)) for cell in page.prose()}
    return [
        f"{cell} has {count} words of prose, more than {WORDS}"
        for cell, count in counts.items()
        if count > WORDS
    ]


def a_line_is_a_sentence(page: Page) -> list[str]:
    """Prose has one sentence a line: no line holds two, none ends in the middle of one."""
    faults = []
    for cell in page.prose():
        for line in prose_lines(cell.source):
            if re.search(r"[.?!…][\"”*)]* +[\"“*(]*[A-Z]", re.sub(r"^\*\*[^*]+:\*\* ", "", line)):
                faults.append(f"{cell.id}: two sentences on the line {line[:70]!r}")
            if not re.search(r"[.?!:…;][\"”*)]*\s*$", line) and not re.fullmatch(r"\*\*[^*]+\*\*", line):
                faults.append(f"{cell.id}: the line {line[:70]!r} ends in mid-sentence")
    return faults


def words_do_not_judge(page: Page) -> list[str]:
    """No word says how fast a reader should understand, and no sentence shouts."""
    faults = []
    for cell in page.prose():
        text = re.sub(r"`[^`\n]+`", "", _without_code(cell.source))
        faults += [f"{cell.id} says {found!r}" for found in JUDGING.findall(text)]
        if re.search(r"\w!(\s|$)", text):
            faults.append(f"{cell.id} has an exclamation mark")
    return faults


def bold_is_for_new_words(page: Page) -> list[str]:
    """Outside tables bold marks a new word, once, or begins a line (**Predict:**); it isn't for emphasis."""
    faults, seen = [], set()
    for cell in page.prose():
        text = re.sub(r"^\|.*$|`[^`\n]+`", "", _without_code(cell.source), flags=re.MULTILINE)
        for words in re.findall(r"\*\*([^*\n]+)\*\*", text.replace("**You will be able to**", "")):
            if words.endswith((":", ".")):
                continue
            if len(words.split()) > 4:
                faults.append(f"{cell.id} sets a sentence in bold: {words!r}")
            if words in seen:
                faults.append(f"{cell.id} sets {words!r} in bold again")
            seen.add(words)
    return faults


# The commands.


def commands_are_what_a_person_types(page: Page) -> list[str]:
    """No `!command`, no other shell magic, no pause of so many seconds."""
    faults = []
    for cell in page.code():
        magic = re.match(r"%%?(\w+)", cell.source)
        if magic and magic[1] not in {"shell", "writefile"}:
            faults.append(f"{cell.id} uses the magic {magic[0]}")
        if cell.is_python and re.search(r"^\s*[!%]|= *!", cell.source, re.MULTILINE):
            faults.append(f"{cell.id} runs a command with ! or %")
        if re.search(r"\bsleep[ (]+[\d.$]", cell.source) and not cell.source.startswith("%%writefile"):
            faults.append(f"{cell.id} sleeps instead of waiting for a condition")
    return faults


def code_fits_the_page(page: Page) -> list[str]:
    """A code cell has at most 12 lines, and none of them is longer than 100 columns."""
    faults = []
    for cell in page.code():
        lines = [line for line in cell.lines() if line.strip()]
        if len(lines) > CODE_LINES + cell.source.startswith("%%"):
            faults.append(f"{cell.id} has {len(lines)} lines of code, more than {CODE_LINES}")
        faults += [
            f"{cell.id}: {len(line)} columns: {line[:60]!r}…" for line in lines if len(line) > CODE_COLUMNS
        ]
    return faults


def images_are_in_the_kit(page: Page) -> list[str]:
    """Each image that a command runs or a file builds on is in images/kit.toml, or made by the notebook."""
    known = set(tomllib.loads((pages.ROOT / "images" / "kit.toml").read_text(encoding="utf-8")))
    names = {tag.rpartition(":")[0] for tag in known} | FAMILIAR
    text = "\n".join([*(cell.source for cell in page.code()), *_files_of(page)])
    text = re.sub(r"""(?:require\(|\bfrom )["'][^"']*["']""", "", text)  # node:http is a module of Node's
    used = set(re.findall(r"(?<![\w./:@-])((?:[a-z0-9-]+/)?[a-z0-9-]+:[A-Za-z0-9_][\w.-]*)", text))
    made = set(re.findall(r"(?:--tag|-t) (\S+)", text)) | set(re.findall(r"docker tag \S+ (\S+)", text))
    found = sorted(tag for tag in used - known - made if tag.rpartition(":")[0] in names)
    bare = re.findall(r"^FROM (?!scratch\b)([\w/.-]+)(?:\s|$)", text, re.MULTILINE)
    return [
        f"{tag} is not in images/kit.toml" for tag in [*found, *(f"{name} without a tag" for name in bare)]
    ]


FAMILIAR = {
    "alpine", "ubuntu", "debian", "mongo", "mongo-express", "mysql", "mariadb", "httpd", "golang", "rust",
    "traefik", "hello-world", "registry", "docker", "python", "node", "nginx", "redis", "postgres", "busybox",
}  # fmt: skip


def _files_of(page: Page) -> Iterator[str]:
    """Dockerfiles and Compose files in the folder that goes with the notebook."""
    slug = page.slug.removesuffix(SECOND_HALF)
    folder = page.path.parent / slug if page.kind == "chapter" else page.path.parent
    for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
        litter = {"work", ".ipynb_checkpoints"} & set(file.relative_to(folder).parts)
        if not litter and re.search(r"Dockerfile|\.ya?ml$", file.name):
            yield file.read_text(encoding="utf-8")


# The outputs.


def counts_run_from_one(page: Page) -> list[str]:
    """Code cells were run once each, from the top, and none of them failed."""
    counts = [cell.count for cell in page.code()]
    faults = [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}"]
    failed = [cell.id for cell in page.code() for out in cell.outputs if out.get("output_type") == "error"]
    return faults + [f"{cell} holds an error" for cell in failed]


def has_no_outputs(page: Page) -> list[str]:
    """A lab is handed out without outputs and counts."""
    return [f"{cell.id} holds an output or a count" for cell in page.code() if cell.outputs or cell.count]


def tags_are_known(page: Page) -> list[str]:
    """Only the tag for what may differ, and in labs the one for answers; nbval's comments are not used."""
    faults = [
        f"{cell.id} has the tag {tag}"
        for cell in page.cells
        for tag in cell.tags
        if tag not in TAGS[page.kind]
    ]
    return faults + [
        f"{cell.id} speaks to nbval in a comment" for cell in page.code() if "NBVAL_" in cell.source
    ]


def measured_is_asserted(page: Page) -> list[str]:
    """What an uncompared cell assigns is asserted later in a compared cell; after a shell cell comes a compared one."""
    code = page.code()
    faults = []
    for place, cell in enumerate(code[1:], 1):
        if cell.is_compared or is_picture(cell):
            continue
        tree, proofs = (
            parsed(cell),
            [later for later in code[place + 1 :] if later.is_compared and is_proof(later)],
        )
        names = _assigned(tree) if tree else set()
        if names and not any(names & _read(proof) for proof in _with_what_they_use(proofs, code[place:])):
            faults.append(
                f"{cell.id} is not compared, and no later assertion uses {', '.join(sorted(names))}"
            )
        if not names and not any(later.is_compared for later in code[place + 1 :]):
            faults.append(f"{cell.id} is not compared, and no compared cell follows")
    return faults


def _with_what_they_use(proofs: Sequence[Cell], after: Sequence[Cell]) -> list[Cell]:
    """Assertions, and the cells that assign what these use (one step)."""
    used = {name for proof in proofs for name in _read(proof)}
    makers = [cell for cell in after[1:] if (tree := parsed(cell)) and _assigned(tree) & used]
    return [*proofs, *makers]


def _assigned(tree: ast.Module) -> set[str]:
    """Names that the cell keeps for later; a loop's variable is none."""
    statements = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    names = [name for statement in statements for name in ast.walk(statement) if isinstance(name, ast.Name)]
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _read(cell: Cell) -> set[str]:
    tree = parsed(cell)
    nodes = ast.walk(tree) if tree else iter(())
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def has_pictures_that_say_something(page: Page) -> list[str]:
    """One to four pictures, each with a full sentence as its alt text; no picture without."""
    alts, bare = [], []
    for cell in page.code():
        for output in cell.outputs:
            data = output.get("data", {})
            alts += re.findall(r'<img[^>]*\balt="([^"]*)"', pages.joined(data.get("text/html", "")))
            bare += [cell.id] if any(kind.startswith("image/") for kind in data) else []
    faults = [f"{cell} shows a picture without alt text" for cell in bare]
    if not 1 <= len(alts) <= PICTURES:
        faults.append(f"it has {len(alts)} pictures, not 1 to {PICTURES}")
    poor = [alt for alt in alts if len(alt.split()) < 5 or not re.match(r"[A-Z\d].*[.]$", alt, re.DOTALL)]
    return faults + [f"no full sentence: {alt!r}" for alt in poor]


def links_lead_somewhere(page: Page) -> list[str]:
    """Each relative link names a file that is there."""
    targets = [
        (cell.id, target)
        for cell in page.prose()
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", _without_code(cell.source))
    ]
    return [
        f"{cell} links to {target}, which is not there"
        for cell, target in targets
        if "://" not in target and not (page.path.parent / target).exists()
    ]


def cells_have_readable_ids(page: Page) -> list[str]:
    """Each cell has an id of its own in words, so that a change shows where it is."""
    ids = [cell.id for cell in page.cells]
    poor = [name for name in ids if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    return [f"the id {name!r} is no word" for name in poor] + [
        f"the id {name!r} is there twice" for name in twice
    ]


def is_a_plain_notebook(page: Page) -> list[str]:
    """The file asks for the kernel python3 and keeps nothing of an editor's."""
    content = json.loads(page.path.read_text(encoding="utf-8"))
    kernel = content["metadata"].get("kernelspec", {}).get("name")
    spare = set(content["metadata"]) - {"kernelspec", "language_info"}
    odd = {key for cell in content["cells"] for key in cell["metadata"]} - {"tags"}
    faults = [] if kernel == "python3" else [f"it asks for the kernel {kernel}"]
    return faults + [f"its metadata keeps {key}" for key in sorted(spare | odd)]


SKELETON: tuple[Rule, ...] = (
    opens_with_a_title_and_a_promise, says_what_it_needs_and_gives, warms_up, ends_as_every_chapter_ends,
    breaks_something_on_purpose, is_not_too_long,
)  # fmt: skip
EVERYWHERE: tuple[Rule, ...] = (
    words_stand_between_code_cells, prose_is_short, a_line_is_a_sentence, words_do_not_judge,
    bold_is_for_new_words, commands_are_what_a_person_types, code_fits_the_page, images_are_in_the_kit,
    tags_are_known, links_lead_somewhere, cells_have_readable_ids, is_a_plain_notebook,
)  # fmt: skip
RULES: dict[pages.Kind, tuple[Rule, ...]] = {
    "chapter": (
        *SKELETON, starts_with_a_short_set_up, *EVERYWHERE, counts_run_from_one, measured_is_asserted,
        has_pictures_that_say_something,
    ),
    "lab": (*EVERYWHERE, has_no_outputs),
    "solution": (*EVERYWHERE, counts_run_from_one),
}  # fmt: skip


def file_of(path: Path) -> str:
    """A notebook's path as the reports show it."""
    return str(path.relative_to(pages.ROOT)) if path.is_relative_to(pages.ROOT) else path.name
