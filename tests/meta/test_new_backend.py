"""`keras-core new-backend`: what it writes installs, works, and can be made another engine's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from keras_core.cli import main, new_backend

# An engine whose arrays are no NumPy arrays.
FOREIGN_ENGINE = '''
"""Arrays in boxes."""

import numpy as np


class Box:
    def __init__(self, array):
        self.array = array

    def __len__(self):
        return len(self.array)

    def __getitem__(self, place):
        return Box(self.array[place])

    def __add__(self, other):
        return Box(self.array + other.array)

    def __sub__(self, other):
        return Box(self.array - other.array)


def to_engine(array):
    assert isinstance(array, (np.ndarray, np.generic))
    return Box(array)


def to_numpy(value):
    return np.asarray(value.array)


def described(value):
    return value.array.shape, value.array.dtype.name


def own(value):
    return Box(value.array.copy())
'''

# Whose results are fetched when somebody reads them.
LATE_ENGINE = FOREIGN_ENGINE.replace(
    "    def __len__",
    """    def __array__(self, dtype=None, copy=None):
        return self.array.astype(dtype or self.array.dtype)

    @property
    def ndim(self):
        return self.array.ndim

    def __len__""",
)

FOREIGN_COMPARISON = '''
"""One comparison on the engine."""

from keras_mine.engine import Box
from keras_mine.lowering.tools import of_arrays, on_numpy

LOWERINGS = {
    **on_numpy("comparison"),
    "less": of_arrays(lambda a, b: Box(a.array < b.array)),
}
'''


FORMS = {"nodes": (), "functional": ("--functional",)}


@pytest.fixture(scope="module", params=FORMS)
def written(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("new")
    assert main(["new-backend", "mine", "--path", str(folder), *FORMS[request.param]]) == 0
    return folder / "keras-mine"


@pytest.fixture
def installed(written, tmp_path):
    """The folder that the distribution is installed in."""
    site = tmp_path / "installed"
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--target", str(site))
    command = [sys.executable, "-m", "pip", "install", *options, str(written)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return site


def examine(site, *words):
    """The conformance kit in a process in which the backend is installed."""
    command = [sys.executable, "-m", "keras_core", "check-backend", "mine", *words]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(site), *sys.path]))
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=site)


def test_it_passes_the_conformance_kit(installed, written):
    done = examine(installed)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    passed, failed, not_supported = done.stdout.partition("\ntotal")[2].split()[:3]
    assert int(passed) > 3000 and failed == not_supported == "0"
    is_functional = (written / "keras_mine" / "loops.py").exists()
    assert ("compile_loop" in done.stdout.partition("not offered, ")[2]) != is_functional


def test_families_are_replaced_one_by_one(installed):
    package = installed / "keras_mine"
    (package / "engine.py").write_text(LATE_ENGINE)
    (package / "lowering" / "comparison.py").write_text(FOREIGN_COMPARISON)
    only = "less or scan or native or update or storage or training or loop or functional"
    done = examine(installed, "-k", only)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_what_is_known_stays_so_while_the_engine_traces(written, sandbox):
    """Sizes of what has no numbers yet, also within a loop, are numbers for the lowerings."""
    code = """
        import sys
        import numpy as np
        sys.path.insert(0, FOLDER)
        from keras_core.graph import Placeholder
        from keras_core.graph import primitives as p
        from keras_core.graph.scan.build import scan
        from keras_core.plugins import Draws
        from keras_mine import engine, known, steps
        from keras_mine.lowering import LOWERINGS

        class Traced:
            shape, dtype = (4, 6), np.dtype("float32")

        def lower_reshape(node):
            def run(arrays, draws):
                x, *dims = arrays
                assert isinstance(x, Traced) and all(isinstance(d, known.Known) for d in dims)
                return [[int(d) for d in dims]]
            return run

        x = Placeholder((None, None))
        rows, columns = p.dims_of(x)
        twice = p.multiply(columns, p.scalar(2, "int32"))
        y = p.reshape(x, p.floor_divide(rows, p.scalar(2, "int32")), twice, shape=(None, None))
        run = steps.Steps([x], [y], {**LOWERINGS, "reshape": lower_reshape})
        print(run([Traced()], Draws(0, 0)))
    """
    done = sandbox.run(code.replace("FOLDER", repr(str(written))))
    assert done.stdout == "[[2, 12]]\n", done.stderr


def test_its_text_is_formatted(written):
    for path in written.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not [
            line for line in lines if len(line) > 100 or line != line.rstrip() or "$" in line
        ]
        compile("\n".join(lines), str(path), "exec")


@pytest.mark.parametrize("form", FORMS)
def test_every_primitive_is_in_a_file(form):
    texts = dict(new_backend.files("mine", form))
    base = {"nodes": "Backend", "functional": "FunctionalBackend"}[form]
    assert "softmax: " in texts["keras_mine/lowering/normalization.py"]
    assert f"class MineBackend({base})" in texts["keras_mine/backend.py"]
    assert 'mine = "keras_mine.plugin"' in texts["pyproject.toml"]
    assert {name.split(": ")[0] for text in texts.values() for name in text.splitlines()} >= {
        *("add", "argmax", "concat", "conv", "dot", "gather", "max_pool", "random_normal", "where")
    }


def test_both_forms_share_what_is_alike():
    nodes, functional = (dict(new_backend.files("mine", form)) for form in FORMS)
    unlike = {path for path in {*nodes, *functional} if nodes.get(path) != functional.get(path)}
    assert unlike == {"README.md", "keras_mine/backend.py", "keras_mine/loops.py"}


def test_it_is_told_where_a_local_keras_numpy_comes_from(tmp_path, capsys):
    assert main(["new-backend", "mine", "--path", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "pip install --find-links FOLDER_OF_WHEELS -e" in told
    for file in ("README.md", "tox.ini"):
        assert "PIP_FIND_LINKS=" in (tmp_path / "keras-mine" / file).read_text(encoding="utf-8")


def test_names_with_underscores():
    texts = dict(new_backend.files("my_own"))
    assert 'name = "keras-my-own"' in texts["pyproject.toml"]
    assert "class MyOwnBackend(Backend)" in texts["keras_my_own/backend.py"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("My-Backend", "is no name for a backend"),
        ("numpy", "There is a backend 'numpy' already"),
        ("tensorflow", "There is a backend 'tensorflow' already"),
    ],
)
def test_a_name_that_will_not_do(tmp_path, capsys, name, told):
    assert main(["new-backend", name, "--path", str(tmp_path)]) == 1
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_left_alone(written, capsys):
    assert main(["new-backend", "mine", "--path", str(written.parent)]) == 1
    assert "exists already" in capsys.readouterr().err
