"""Tells what is in stock."""

from pathlib import Path

from door import serve

serve(lambda path: f"{Path('/srv/stock/flour.txt').read_text().strip()} for {path}")
