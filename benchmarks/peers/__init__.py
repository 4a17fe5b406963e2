"""The graders that ours is measured against, each with the same small lab and the same five checks."""
