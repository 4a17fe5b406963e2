"""Sphinx's settings for the site. It runs in .venv-site; `editions.site` hands it a tree of sources."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from editions.lexer import CellLexer  # noqa: E402

project = "Containers, hands on"
html_title = project
copyright = ""
html_context = {"default_mode": "auto"}
extensions = ["myst_nb", "sphinx_copybutton"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
root_doc = "index"
templates_path = ["."]

# Outputs are the stored ones: nothing is run.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_fence_as_directive = ["mermaid"]
# A warm-up is an H3 below the title, so that it doesn't count among a chapter's sections.
suppress_warnings = ["myst.header"]

html_theme = "pydata_sphinx_theme"
html_static_path = ["static", os.environ["EDITIONS_STATIC"]]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {"**": ["contents.html"]}
html_theme_options = {
    "logo": {"text": project},
    "navbar_center": [],
    "navbar_end": ["theme-switcher"],
    "footer_start": ["about.html"],
    "footer_end": [],
    "search_bar_text": "Search the course",
    "show_toc_level": 2,
    "back_to_top_button": False,
    "secondary_sidebar_items": ["page-toc"],
}
# Both are files of ours; Sphinx adds the second only to pages that have mathematics.
mathjax_path = "mathjax.js"

copybutton_selector = "div.cell_input pre, div.highlight-default pre, div.highlight-none pre"
copybutton_exclude = ".linenos, .gp"


# Pygments ends a prompt before its line does.
MAGIC = re.compile(r'(<span class="gp">%%[^<]*)(</span>)\n')


class Mermaid(Directive):  # type: ignore[misc, unused-ignore]
    """A diagram, drawn in the page by the mermaid that lies beside it."""

    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """The diagram's text, which stays readable where no script runs."""
        text = nodes.Text("\n".join(self.content)).astext()
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return [nodes.raw("", f'<pre class="mermaid">\n{escaped}\n</pre>', format="html")]


def finish(
    app: Any, page: str, _template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let nobody copy the end of a magic's line, and give mermaid to pages that have a diagram."""
    if doctree is None:
        return
    context["body"] = MAGIC.sub(r"\1\n\2", context["body"])
    # It is too large for the others.
    if any('class="mermaid"' in each.astext() for each in doctree.findall(nodes.raw)):
        app.add_js_file("mermaid.min.js", loading_method="defer")
        app.add_js_file("diagrams.js", loading_method="defer")


def setup(app: Any) -> dict[str, bool]:
    """What the pages need beyond myst-nb."""
    app.add_lexer("course-cell", CellLexer)
    app.add_directive("mermaid", Mermaid)
    app.connect("html-page-context", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
