"""`import keras` answered by keras_core: in scripts, notebooks, workers, beside another Keras."""

from __future__ import annotations

import signal
import sys
import textwrap
import zipapp

import pytest

ANOTHER = {
    "__init__.py": "__version__ = '3.9'\nfrom keras.src import inside\nimport keras.layers\n",
    "layers.py": "Dense = 'the Dense of another'\n",
    "ops.py": "",
    "src/__init__.py": "__version__ = '3.9'\ninside = 'inside of another'\n",
}


def script(sandbox, text, name="script.py"):
    path = sandbox.home / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


def run(sandbox, text, *words):
    script(sandbox, text)
    return sandbox.command(sys.executable, "-m", "keras_core", "run", "script.py", *words)


@pytest.fixture
def another(sandbox):
    """A home in which another Keras is installed."""
    for path, text in ANOTHER.items():
        target = sandbox.site / "keras" / path
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_text(text)
    return sandbox


NAMES = """
    import keras, keras_core
    import keras.backend as K
    import keras.layers.core
    from keras.layers.recurrent import LSTM
    from keras.models import Sequential
    from keras import optimizers
    assert keras.layers is keras_core.layers
    assert K is keras_core.backend is keras.backend
    assert keras.layers.core.Dense is keras_core.layers.Dense
    assert LSTM is keras_core.layers.LSTM
    assert Sequential is keras.Sequential is keras_core.models.Sequential
    assert optimizers is keras_core.optimizers
    assert keras.layers.__spec__.name == "keras_core.layers"
    print(keras.__name__, keras.__version__, keras_core.__version__ != "2.3.1")
"""


def test_a_script_finds_the_modules_of_keras_core_under_the_old_names(sandbox):
    done = run(sandbox, NAMES)
    assert (done.stdout, done.stderr, done.returncode) == ("keras 2.3.1 True\n", "", 0)


def test_a_notebook_does_after_one_call(sandbox):
    done = sandbox.run("import keras_core; keras_core.install_as_keras()" + textwrap.dedent(NAMES))
    assert (done.stdout, done.stderr) == ("keras 2.3.1 True\n", "")


def test_a_star_gives_the_names_of_keras_2(sandbox):
    done = run(
        sandbox, "from keras import *\nprint(Sequential, Model, Input, layers.Dense, losses)"
    )
    assert done.returncode == 0, done.stderr


def test_an_installed_keras_is_passed_over(another):
    done = run(another, NAMES)
    assert (done.stdout, done.stderr) == ("keras 2.3.1 True\n", "")


def test_what_another_keras_has_more_is_not_mixed_in(another):
    done = run(another, "import keras.ops")
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'keras.ops'\n")


def test_the_inside_of_another_keras_stays_reachable_for_tensorflow(another):
    done = run(another, "import keras, keras.src\nprint(keras.src.inside, keras.__version__)")
    assert (done.stdout, done.stderr) == ("inside of another 2.3.1\n", "")


def test_without_another_keras_its_inside_is_refused_with_the_way_out(sandbox):
    done = run(sandbox, "import keras.api._v2.keras")
    assert "ModuleNotFoundError: keras.api is no part of keras_core" in done.stderr
    assert "import keras_core as keras" in done.stderr


def test_a_keras_imported_before_is_displaced_with_a_warning_and_comes_back(another):
    code = """
        import keras, keras_core
        old, inside = keras, keras.src
        keras_core.install_as_keras()
        import keras, keras.layers
        assert keras.layers is keras_core.layers and old.layers.Dense == "the Dense of another"
        assert sys.modules["keras.src"] is inside
        keras_core.uninstall_as_keras()
        import keras, keras.layers
        print(keras is old, keras.layers.Dense)
    """
    done = another.run("import sys" + textwrap.dedent(code))
    assert done.stdout == "True the Dense of another\n"
    assert done.stderr.count("UserWarning: Another Keras, 3.9 in ") == 1
    assert str(another.site / "keras" / "__init__.py") in done.stderr


def test_uninstalling_leaves_nothing_behind(sandbox):
    code = """
        import sys, keras_core, keras_core.layers
        before = list(sys.path), list(sys.meta_path)
        keras_core.install_as_keras()
        keras_core.install_as_keras()
        import keras.layers.core
        keras_core.uninstall_as_keras()
        keras_core.uninstall_as_keras()
        print((list(sys.path), list(sys.meta_path)) == before)
        print([name for name in sys.modules if name.split(".")[0] == "keras"])
        import keras
    """
    done = sandbox.run(code)
    assert done.stdout == "True\n[]\n"
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'keras'\n")


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_workers_find_it_too(another, method):
    if sys.platform != "linux":
        pytest.skip("not all ways of starting workers are there")
    script(another, "import keras\nWHERE = keras.__name__, keras.__version__\n", "helper.py")
    text = f"""
        import multiprocessing
        import keras
        import helper
        from keras.layers import Dense

        def work(units):
            return Dense(units).units, Dense.__module__, helper.WHERE

        if __name__ == "__main__":
            with multiprocessing.get_context({method!r}).Pool(1) as pool:
                print(pool.map(work, [3]))
    """
    done = run(another, text)
    assert done.stdout == "[(3, 'keras_core.layers.core', ('keras', '2.3.1'))]\n", done.stderr


# A script runs as `python script.py` runs it.

SHOW = """
    import sys
    print(sys.argv, sys.path[0], __name__, __file__, __spec__, __package__, __doc__)
    print(type(__loader__).__name__, sys.modules["__main__"].__dict__ is globals())
"""


@pytest.mark.parametrize("start", [["-m", "keras_core", "run"], ["-m", "keras_core"]])
@pytest.mark.parametrize("path", ["script.py", "./script.py", "inner/script.py", "link.py"])
def test_a_script_sees_what_python_shows_it(sandbox, start, path):
    script(sandbox, SHOW, path.replace("link", "inner/script"))
    if path == "link.py":
        (sandbox.home / path).symlink_to(sandbox.home / "inner" / "script.py")
    words = [path, "a b", "--epochs", "3", "-h", "--", "-x"]
    expected = sandbox.command(sys.executable, *words)
    assert expected.returncode == 0
    done = sandbox.command(sys.executable, *start, *words)
    assert (done.stdout, done.stderr) == (expected.stdout, expected.stderr)


ENDS = {
    "error": "def f():\n    raise KeyError('gone')\nf()\n",
    "chain": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError from e\n",
    "syntax": "print('never')\nx = = 1\n",
    "status": "raise SystemExit(7)\n",
    "message": "import sys\nsys.exit('a message')\n",
    "hook": "import sys\nsys.excepthook = lambda *e: print(e[1], e[2].tb_lineno)\n1 / 0\n",
    "interrupt": "import atexit\natexit.register(print, 'done')\nraise KeyboardInterrupt\n",
    "coding": "# -*- coding: latin-1 -*-\nprint(len('\xe9'))\n",
    "nothing": "",
}


@pytest.mark.parametrize("name", ENDS)
def test_a_script_ends_as_python_ends_it(sandbox, name):
    (sandbox.home / "script.py").write_bytes(ENDS[name].encode("latin-1"))
    expected = sandbox.command(sys.executable, "script.py")
    done = sandbox.command(sys.executable, "-m", "keras_core", "run", "script.py")
    assert (done.stdout, done.stderr) == (expected.stdout, expected.stderr)
    assert done.returncode == expected.returncode
    if name == "interrupt":
        assert done.returncode == -signal.SIGINT


SHOW_MODULE = """
    import pickle, sys
    from . import beside

    class Own:
        pass

    print(sys.argv, sys.path[0], __name__, __file__, __spec__.name, __package__, __cached__)
    print(beside.WHERE, type(pickle.loads(pickle.dumps(Own()))) is Own, sys.modules["__main__"])
    raise SystemExit(len(sys.argv))
"""


@pytest.mark.parametrize("start", [["-m", "keras_core", "run"], ["-m", "keras_core"]])
@pytest.mark.parametrize("name", ["package.inner", "package"])
def test_a_module_sees_what_python_shows_it(sandbox, start, name):
    script(sandbox, "", "package/__init__.py")
    script(sandbox, "WHERE = 'beside'", "package/beside.py")
    script(sandbox, SHOW_MODULE, f"package/{'inner' if '.' in name else '__main__'}.py")
    words = ["-m", name, "a b", "--epochs", "3", "-h", "-m"]
    expected = sandbox.command(sys.executable, *words)
    assert expected.returncode == 6
    done = sandbox.command(sys.executable, *start, *words)
    assert (done.stdout, done.stderr) == (expected.stdout, expected.stderr)
    assert done.returncode == expected.returncode


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_folder_or_zip_file_runs_its_main(sandbox, kind):
    script(sandbox, "import sys\nprint(sys.argv, sys.path[0], __file__)", "app/__main__.py")
    if kind == "zip":
        zipapp.create_archive(sandbox.home / "app", sandbox.home / "app.pyz")
    words = ["app" if kind == "folder" else "app.pyz", "--epochs", "3"]
    expected = sandbox.command(sys.executable, *words)
    done = sandbox.command(sys.executable, "-m", "keras_core", "run", *words)
    assert (done.stdout, done.stderr) == (expected.stdout, expected.stderr)
    assert expected.returncode == done.returncode == 0


def test_a_module_has_keras_answered(sandbox):
    script(sandbox, "import keras\nfrom keras.layers import Dense", "package/__init__.py")
    script(sandbox, "import keras\nprint(keras.__version__)", "package/main.py")
    done = sandbox.command(sys.executable, "-m", "keras_core", "run", "-m", "package.main")
    assert done.stdout == "2.3.1\n", done.stderr


@pytest.mark.parametrize("name", ["absent", "package", "package.absent"])
def test_no_such_module_is_told(sandbox, name):
    script(sandbox, "", "package/__init__.py")
    done = sandbox.command(sys.executable, "-m", "keras_core", "run", "-m", name)
    assert done.returncode == 2
    assert f"keras-core run: there is no module {name!r}" in done.stderr


def test_what_a_package_lacks_is_not_taken_for_the_package(sandbox):
    script(sandbox, "import absent_one", "package/__init__.py")
    script(sandbox, "", "package/main.py")
    done = sandbox.command(sys.executable, "-m", "keras_core", "run", "-m", "package.main")
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named 'absent_one'\n")


def test_no_such_script_is_told(sandbox):
    for words in (["run", "absent.py"], ["absent.py"], ["run", "."]):
        done = sandbox.command(sys.executable, "-m", "keras_core", *words)
        assert done.returncode == 2
        assert done.stderr == f"keras-core run: there is no file {words[-1]!r} to run.\n"


def test_a_file_named_like_a_command_does_not_stand_in_its_way(sandbox):
    script(sandbox, "print('the file')", "backends")
    done = sandbox.command(sys.executable, "-m", "keras_core", "backends")
    assert "the file" not in done.stdout
