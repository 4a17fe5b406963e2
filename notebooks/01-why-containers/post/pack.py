"""Pack a module as pip wants it, a zip with a note of what it needs: pack.py FILE VERSION [NEEDS] FOLDER."""

import sys
from pathlib import Path
from zipfile import ZipFile, ZipInfo

file, version, *needs, folder = sys.argv[1:]
name = Path(file).stem
note = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
note += [f"Requires-Dist: {each}" for each in needs]
files = {
    f"{name}.py": Path(file).read_text(),
    f"{name}-{version}.dist-info/METADATA": "\n".join(note) + "\n",
    f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{name}-{version}.dist-info/RECORD": "",
}
with ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
    for path, text in files.items():
        wheel.writestr(ZipInfo(path), text)  # ZipInfo: no time of day in it, so the same files pack the same
