from pathlib import Path

print(Path("menu.txt").read_text() + Path("bread.txt").read_text(), end="")
