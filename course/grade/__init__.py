"""Judge submissions: read one, run it on an engine of its own, check what it left there."""
