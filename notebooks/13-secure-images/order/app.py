"""Order one loaf."""

print("one loaf, please")
