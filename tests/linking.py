"""Give an engine that hasn't started yet the images of this one as hard links: quicker than loading them.

Layers are never changed once they are there, so two engines may share their files. The layout is that of the
Docker Engine with the storage driver overlay2 (since version 1.10); where anything else is found, nothing is
done and images have to be loaded.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

from course import engine

STORE = Path("image") / "overlay2"
CONFIGS = Path("imagedb") / "content" / "sha256"
ABOUT = Path("imagedb") / "metadata" / "sha256"
LAYER_DB = Path("layerdb") / "sha256"
LAYERS = "overlay2"


def images(tags: list[str], root: Path) -> bool:
    """Put the images *tags* into the data folder *root* of an engine to be; False where it can't be done."""
    info = engine.client().info()
    ours = Path(info["DockerRootDir"])
    if info["Driver"] != "overlay2" or not _is_near(ours, root):
        return False
    ids = {tag: str(engine.client().images.get(tag).id) for tag in tags}
    if not _has(ours, ids):
        return False
    chains = {chain for id_ in ids.values() for chain in _layers(ours, id_.removeprefix("sha256:"))}
    folders = {(ours / STORE / LAYER_DB / chain / "cache-id").read_text() for chain in chains}
    if not _link(ours, root, folders):
        return False
    for chain in chains:
        _copy(ours, root, STORE / LAYER_DB / chain)
    for id_ in {id_.removeprefix("sha256:") for id_ in ids.values()}:
        for place in (CONFIGS / id_, ABOUT / id_):
            if (ours / STORE / place).exists():
                _copy(ours, root, STORE / place)
    names: dict[str, dict[str, str]] = {}
    for tag, id_ in ids.items():
        names.setdefault(tag.rpartition(":")[0], {})[tag] = id_
    (root / STORE / "repositories.json").write_text(json.dumps({"Repositories": names}))
    return True


def _is_near(ours: Path, root: Path) -> bool:
    """Whether both folders are this machine's, on one file system."""
    return (ours / STORE).is_dir() and ours.stat().st_dev == root.stat().st_dev


def _has(ours: Path, ids: dict[str, str]) -> bool:
    """Whether *ours* is the folder of the engine that was asked: another one would have other images."""
    known = json.loads((ours / STORE / "repositories.json").read_text())["Repositories"]
    return all(known.get(tag.rpartition(":")[0], {}).get(tag) == id_ for tag, id_ in ids.items())


def _layers(ours: Path, id_: str) -> list[str]:
    """The chain IDs of an image's layers: each is the sum of the one below and of its own content."""
    chains: list[str] = []
    for diff in json.loads((ours / STORE / CONFIGS / id_).read_text())["rootfs"]["diff_ids"]:
        chain = diff.removeprefix("sha256:")
        if chains:
            chain = hashlib.sha256(f"sha256:{chains[-1]} {diff}".encode()).hexdigest()
        chains.append(chain)
    return chains


def _link(ours: Path, root: Path, names: set[str]) -> bool:
    """Link the folders *names* of layers; False where the file system can't."""
    (root / LAYERS / "l").mkdir(parents=True)
    # The engine mounts its folder upon itself, and no link crosses a mount: so that one is taken away first,
    # in a mount namespace that ends with the command.
    script = 'umount --lazy "$1"; cd "$1/$2" && exec cp --archive --link --target-directory "$3" $4'
    words = [script, "sh", str(ours), LAYERS, str(root / LAYERS), " ".join(sorted(names))]
    done = subprocess.run(["unshare", "--mount", "sh", "-c", *words], capture_output=True, check=False)
    if done.returncode:
        shutil.rmtree(root / LAYERS)
        return False
    for name in names:
        short = (root / LAYERS / name / "link").read_text()
        (root / LAYERS / "l" / short).symlink_to(f"../{name}/diff")
    return True


def _copy(ours: Path, root: Path, what: Path) -> None:
    (root / what).parent.mkdir(parents=True, exist_ok=True)
    copy = shutil.copytree if (ours / what).is_dir() else shutil.copy2
    copy(ours / what, root / what)
