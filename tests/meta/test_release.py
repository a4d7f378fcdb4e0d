"""What `python -m release` finds wrong with distributions, and what it installs them with."""

from __future__ import annotations

import importlib
import io
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LICENCE = (ROOT / "LICENSE").read_bytes()

CORE = """Metadata-Version: 2.4
Name: keras-core
Version: 2.4.0
License-Expression: Apache-2.0
Requires-Python: >=3.9
Requires-Dist: numpy>=1.20
Requires-Dist: h5py>=3
Requires-Dist: importlib-metadata>=4.6; python_version < "3.10"
Requires-Dist: pillow>=8; extra == "image"
Classifier: Programming Language :: Python :: 3.9
Classifier: Programming Language :: Python :: 3.13
Classifier: Typing :: Typed
Description-Content-Type: text/markdown

# keras_core
"""
PLUGIN = (
    CORE.replace("keras-core", "keras-numpy")
    .replace("h5py>=3", "keras-core<3,>=2.4")
    .replace("Classifier: Typing :: Typed\n", "")
)
NAMES = {"keras_core": ("__init__.py", "py.typed"), "keras_numpy": ("__init__.py",)}


@pytest.fixture
def release(monkeypatch):
    """The modules of the release, which the tests do not install."""
    monkeypatch.syspath_prepend(ROOT)
    yield {
        name: importlib.import_module(f"release.{name}") for name in ("check", "trial", "wheels")
    }
    for name in [name for name in sys.modules if name.partition(".")[0] == "release"]:
        del sys.modules[name]


@pytest.fixture
def faults(tmp_path, release, monkeypatch):
    """Writes the core and a plugin as they should be but for some changes, and finds the faults."""

    def found(core=CORE, plugin=PLUGIN, extra=(), missing=(), licence=LICENCE, tests=()):
        tracked = {
            package: [*(f"{package}/{name}" for name in names), "LICENSE", "pyproject.toml"]
            for package, names in NAMES.items()
        }
        monkeypatch.setattr(release["check"], "tracked", lambda source: tracked[source.name])
        wheels = []
        for package, metadata in (("keras_core", core), ("keras_numpy", plugin)):
            files = [n for n in tracked[package] if n.startswith(package) and n not in missing]
            version = re.search(r"^Version: (.*)$", metadata, flags=re.MULTILINE)[1]
            path = tmp_path / f"{package}-{version}-py3-none-any.whl"
            wheel(path, [*files, *extra], metadata, licence)
            beside = ["PKG-INFO", *tests]
            sdist(tmp_path / f"{package}-{version}.tar.gz", [*tracked[package], *beside])
            wheels.append(release["wheels"].Wheel(path, Path(package)))
        return list(release["check"].faults(tmp_path, wheels))

    return found


def wheel(path, files, metadata, licence):
    info = f"{path.name.partition('-py3')[0]}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        for name in files:
            archive.writestr(name, "")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/entry_points.txt", "[keras_core.backends]\nnumpy = p\n")
        archive.writestr(f"{info}/licenses/LICENSE", licence)


def sdist(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name in files:
            archive.addfile(tarfile.TarInfo(f"{path.name[: -len('.tar.gz')]}/{name}"), io.BytesIO())


def test_distributions_as_they_should_be_have_no_faults(faults):
    assert faults() == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"missing": ["keras_core/py.typed"]}, "keras-core: the wheel lacks keras_core/py.typed"),
        ({"extra": ["build/lib/x.py"]}, "keras-core: the wheel has build/lib/x.py, which"),
        ({"tests": ["tests/test_x.py"]}, "keras-numpy: the sdist has tests/test_x.py, which"),
        ({"licence": b"All rights reserved"}, "keras-numpy: the wheel has not the licence"),
        ({"core": CORE.replace("Typing :: Typed", "Topic :: X")}, "keras-core: py.typed and"),
        (
            {"plugin": PLUGIN.replace("Version: 2.4.0", "Version: 2.4.1")},
            "keras-numpy: the version is 2.4.1, the core's 2.4.0",
        ),
        (
            {"plugin": PLUGIN.replace("keras-core<3,>=2.4", "keras-core<2.4")},
            "keras-numpy: it does not take keras-core 2.4.0",
        ),
        (
            {"core": CORE.replace(">=3.9", ">=3.8")},
            "keras-core: the classifiers begin with Python 3.9, Requires-Python says >=3.8",
        ),
        ({"core": CORE.replace("Apache-2.0", "MIT")}, "keras-core: the metadata do not say Apache"),
    ],
)
def test_a_fault_is_told(faults, changes, told):
    assert any(fault.startswith(told) for fault in faults(**changes))


def test_it_is_tried_on_the_first_and_the_last_python_that_are_named(faults, release, tmp_path):
    faults()
    core = release["wheels"].Wheel(tmp_path / "keras_core-2.4.0-py3-none-any.whl", Path("."))
    assert release["check"].oldest_and_newest([core]) == ["3.9", "3.13"]


def test_only_what_is_not_ours_and_no_extra_comes_from_the_index(faults, release, tmp_path):
    faults()
    paths = sorted(tmp_path.glob("*.whl"))
    wheels = [release["wheels"].Wheel(path, Path(".")) for path in paths]
    needed = [str(one) for one in release["trial"].requirements(wheels)]
    assert sorted(set(needed)) == [
        "h5py>=3",
        'importlib-metadata>=4.6; python_version < "3.10"',
        "numpy>=1.20",
    ]
