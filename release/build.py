"""Makes the sdist and the wheel of each distribution, from copies of what git tracks."""

from __future__ import annotations

import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from release.processes import Failed, run
from release.wheels import Wheel

ROOT = Path(__file__).parents[1]
CORE = "keras_core"


def tracked(folder: Path = Path(".")) -> list[str]:
    """Paths of the files that git tracks, relative to a folder of the repository."""
    listed = run("git", "ls-files", "-z", at=ROOT / folder)
    return [name for name in listed.split("\0") if (ROOT / folder / name).is_file()]


def changes() -> list[str]:
    """Tracked files that differ from the last commit."""
    return run("git", "status", "--porcelain", "--untracked-files=no", at=ROOT).splitlines()


def sources() -> list[Path]:
    """Folders of the distributions: the core's, and the plugins'."""
    plugins = sorted((ROOT / "plugins").glob("*/pyproject.toml"))
    return [Path("."), *(path.parent.relative_to(ROOT) for path in plugins)]


def build_all(folder: Path) -> list[Wheel]:
    """Builds all distributions.

    The wheels are made from the sdists, as an installer without wheels would do it, and must be
    what the repository itself gives. Setuptools is that of this environment: eighteen environments
    made for single builds would take minutes.

    Args:
        folder: where they will lie.

    Raises:
        Failed: something does not build, or a wheel is another when it is made from the sdist.
    """
    with tempfile.TemporaryDirectory() as place:
        copies = [_copy(Path(place, name)) for name in ("for_sdists", "for_wheels")]
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda source: _build(source, folder, *copies), sources()))


def _copy(place: Path) -> Path:
    """Copies the repository, so that no build leaves or finds anything."""
    for name in tracked():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place / name)
    return place


def _build(source: Path, folder: Path, for_sdist: Path, for_wheel: Path) -> Wheel:
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir")
    run(*command, folder, for_sdist / source)
    run(*command, for_wheel / "built", "--wheel", for_wheel / source)
    pattern = f"{source.name or CORE}-*.whl"
    made, direct = (Wheel(next(f.glob(pattern)), source) for f in (folder, for_wheel / "built"))
    _compare(made, direct)
    return made


def _compare(from_sdist: Wheel, direct: Wheel) -> None:
    names = from_sdist.files.keys() | direct.files.keys()
    differ = [n for n in names if from_sdist.files.get(n) != direct.files.get(n)]
    if differ:
        raise Failed(
            f"{direct.path.name} has other contents when it is built from the sdist: "
            f"{', '.join(sorted(differ))}"
        )
