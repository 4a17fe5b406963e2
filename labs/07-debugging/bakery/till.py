"""Tells a price."""

from door import serve

serve(lambda path: f"3.20 for {path}")
