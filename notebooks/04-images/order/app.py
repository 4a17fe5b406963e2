"""Says its version."""

VERSION = 1

print("version", VERSION)
