"""How fast the course is, against the bare docker commands; raw rows are kept with machine and commit."""
