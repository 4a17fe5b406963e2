"""Write six small packages for pip and for npm, so that both have something to install without a network.

A wheel is a zip file with the modules and a few notes; an npm package is a folder with a package.json.
Each holds some random bytes, because packages weigh something.
"""

import json
import random
import sys
import zipfile
from pathlib import Path

KILOBYTES = 1_000
NAMES = ("oven", "flour", "yeast", "scales", "basket", "till")


def wheel(folder: Path, name: str, cargo: bytes) -> None:
    """Write *name* 1.0 as a wheel."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": f"NAME = {name!r}\n".encode(),
        f"{name}/cargo.bin": cargo,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, content in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(path, content)


def npm_package(folder: Path, name: str, cargo: bytes) -> None:
    """Write *name* 1.0.0 as a folder."""
    (folder / name).mkdir(parents=True)
    (folder / name / "package.json").write_text(json.dumps({"name": name, "version": "1.0.0"}))
    (folder / name / "index.js").write_text(f"module.exports = {json.dumps(name)};\n")
    (folder / name / "cargo.bin").write_bytes(cargo)


def lock_file(folder: Path) -> None:
    """Write package.json and the lock file that `npm ci` wants, for the packages in vendor/."""
    needs = {name: f"file:vendor/{name}" for name in NAMES}
    root = {"name": "bakery", "version": "1.0.0", "dependencies": needs}
    packages: dict[str, object] = {"": root}
    for name in NAMES:
        packages[f"node_modules/{name}"] = {"resolved": f"vendor/{name}", "link": True}
        packages[f"vendor/{name}"] = {"version": "1.0.0"}
    lock = {"name": "bakery", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    (folder / "package.json").write_text(json.dumps(root, indent=1))
    (folder / "package-lock.json").write_text(json.dumps(lock, indent=1))


def main(target: Path) -> None:
    """Write all of it below *target*."""
    draw = random.Random(13)
    (target / "wheels").mkdir(parents=True)
    for name in NAMES:
        cargo = draw.randbytes(1000 * KILOBYTES)
        wheel(target / "wheels", name, cargo)
        npm_package(target / "vendor", name, cargo)
    (target / "requirements.txt").write_text("".join(f"{name}==1.0\n" for name in NAMES))
    lock_file(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
