"""Whether everybody can read what a page shows: axe's rules, and the course's own on figures and headings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from course.kit import web

# Every rule that axe turns on by itself is on, those of "best practice" too, but for these. What asks about
# whole pages (the title, landmarks) axe leaves out by itself where it is given parts of a page.
OFF = {"link-in-text-block": "JupyterLab's style sheet underlines no link, and no notebook can change that"}
# Colours differ from theme to theme; what other rules ask is the same in all.
COLOURS = ("color-contrast",)
NOT_OURS = (
    # pandas leaves the corner above its row labels an empty <th>, which says nothing and misleads nobody.
    ".dataframe thead th:empty",
    # Mermaid's words lie over lines and shapes, so that axe sees no colour behind them.
    "pre.mermaid svg",
    # JupyterLab paints the words of a block of code in its editor's colours, whatever they are.
    ".jp-MarkdownOutput pre code span",
)
# What axe leaves to people: a lone character, which may be a sign rather than text, and code in a sentence
# that is broken over two lines, whose box then lies over its neighbours.
UNJUDGED = ("shortTextContent", "nonBmp", "elmPartiallyObscuring")
# What JupyterLab itself says of a picture about which nobody said anything.
NO_ALT = ("", "Image", "No description available")

AXE = """async ([include, exclude, rules, off, unjudged]) => {
    const wanted = rules ? {runOnly: rules} : {rules: off};
    // Without preload it doesn't ask for style sheets, which a page from a folder may not do.
    const options = {resultTypes: ['violations', 'incomplete'], preload: false, ...wanted};
    const context = {include: include.map(each => [each]), exclude: exclude.map(each => [each])};
    const found = await axe.run(context, options);
    const told = (rule, node) => {
        const why = (node.failureSummary ?? '').split('\\n').slice(1).join(' ').trim();
        return `${rule.id}: ${why} ${node.html.slice(0, 160)}`;
    };
    const contrast = rules => rules.filter(rule => rule.id === 'color-contrast');
    const isUnjudged = node => node.any.every(check => unjudged.includes(check.data?.messageKey));
    const unsure = contrast(found.incomplete)
        .map(rule => ({...rule, nodes: rule.nodes.filter(node => !isUnjudged(node))}));
    return {
        faults: [...found.violations, ...unsure].flatMap(rule => rule.nodes.map(node => told(rule, node))),
        judged: [...contrast(found.passes), ...contrast(found.violations)].length > 0,
    };
}"""

FIGURES = """([scope, none]) => [...document.querySelectorAll(scope)].flatMap(part => {
    const told = element => element.outerHTML.replace(/data:[^"]*/g, 'data:…').slice(0, 160);
    const pictures = [...part.querySelectorAll('img, svg[role=img], canvas')].flatMap(picture => {
        const faults = [];
        if (picture.tagName === 'IMG' && none.includes((picture.getAttribute('alt') ?? '').trim()))
            faults.push(`a picture without alt text: ${told(picture)}`);
        if (!picture.closest('figure')) faults.push(`a picture outside a figure: ${told(picture)}`);
        if (picture.tagName === 'IMG' && picture.naturalWidth === 0)
            faults.push(`a picture that isn't drawn: ${told(picture)}`);
        return faults;
    });
    const figures = [...part.querySelectorAll('figure')]
        .filter(figure => !figure.querySelector('figcaption')?.textContent.trim())
        .map(figure => `a figure without a caption: ${told(figure)}`);
    return [...pictures, ...figures];
})"""

HEADINGS = """scope => [...document.querySelectorAll(scope)]
    .flatMap(part => [...part.querySelectorAll('h1, h2, h3, h4, h5, h6')])
    .map(heading => [Number(heading.tagName[1]), heading.innerText.trim()])"""


def folder() -> Path:
    """The packages of web/: where COURSE_WEB says (tests/prove.py sets it), or else got by npm."""
    named = os.environ.get("COURSE_WEB")
    return Path(named) if named else web.modules()


def install(page: Page) -> None:
    """Put axe into the page that is open."""
    page.evaluate((folder() / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))


def axe(page: Page, parts: Sequence[str], *, rules: tuple[str, ...] | None = None) -> list[str]:
    """What axe finds wrong in *parts* (CSS selectors), by *rules* alone or by all that it has.

    A contrast that axe can't judge is a fault as well, and so is a page on which it judged none.
    """
    there = [part for part in parts if page.locator(part).count()]
    off = {rule: {"enabled": False} for rule in OFF}
    found: dict[str, Any] = page.evaluate(AXE, [there, NOT_OURS, rules, off, UNJUDGED])
    faults: list[str] = found["faults"]
    return (
        faults if found["judged"] else [*faults, "axe judged the contrast of no text: was it out of sight?"]
    )


def figures(page: Page, scope: str) -> list[str]:
    """Pictures in *scope* without alt text or outside a figure, and figures without a caption."""
    faults: list[str] = page.evaluate(FIGURES, [scope, NO_ALT])
    return faults


def headings(page: Page, scope: str) -> list[str]:
    """Where the headings in *scope* don't begin with the only h1, or skip a level on the way down."""
    found: list[tuple[int, str]] = [(level, words) for level, words in page.evaluate(HEADINGS, scope)]
    levels = [level for level, _ in found]
    faults = [] if levels[:1] == [1] and levels.count(1) == 1 else [f"h1 is not first and alone: {levels}"]
    for (above, _), (level, words) in zip(found, found[1:], strict=False):
        if level > above + 1:
            faults.append(f"an h{level} follows an h{above}: {words}")
    return faults
