"""A hands-on course on containers: what its notebooks import and what `python -m course` runs."""
