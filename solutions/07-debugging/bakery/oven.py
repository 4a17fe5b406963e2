"""Tells its heat, DEGREES."""

import os

from door import serve

degrees = int(os.environ["DEGREES"])
serve(lambda path: f"{degrees} degrees for {path}")
