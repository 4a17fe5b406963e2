"""The style sheet of the page: light or dark as the reader's system is; it fetches nothing."""

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --paper: #fff; --line: #c8ccd1;
  --soft: #f3f4f6; --quiet: #57606a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --paper: #16181c; --line: #3d434b; --soft: #22262c; --quiet: #a0a8b2; }
}
body { margin: 0 auto; padding: 1.5rem; max-width: 68rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; margin: 2rem 0 .5rem; }
h1 { margin-top: 0; }
figure { margin: 1rem 0 .5rem; }
figure img { max-width: 100%; height: auto; }
figcaption { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { padding: .35rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { font-weight: 600; white-space: nowrap; }
tbody > tr > th { font-weight: 400; }
tbody > tr > th.name { font-weight: 600; }
td, th[scope=row] { overflow-wrap: anywhere; }
tr.person > * { border-bottom: 0; }
tr.person + tr > td { padding-top: 0; }
.number, .checks thead th:last-child { text-align: right; }
td.number, td.status, td.lab { white-space: nowrap; }
details { margin: .25rem 0; }
summary { cursor: pointer; }
details > div { padding: .5rem 1rem; margin: .5rem 0;
  background: var(--soft); border-left: 3px solid var(--line); }
code, pre { font: .875em/1.45 ui-monospace, monospace; }
pre { margin: .25rem 0 1rem; padding: .5rem; background: var(--paper);
  white-space: pre-wrap; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.wide > table { min-width: 46rem; }
"""
