"""The kit's pytest plugin in the runs of other projects, which it must leave alone."""

from __future__ import annotations

import sys

OWN_OPTION = """
def pytest_addoption(parser):
    parser.addoption("--backend", default="theirs")
"""
OWN_TEST = """
def test_own_option(request):
    assert request.config.getoption("--backend") == "theirs"
"""


def pytest_of(sandbox, *words):
    return sandbox.command(sys.executable, "-W", "error", "-m", "pytest", "-q", *words)


def test_an_option_of_the_same_name_is_theirs(sandbox):
    (sandbox.home / "conftest.py").write_text(OWN_OPTION)
    (sandbox.home / "test_own.py").write_text(OWN_TEST)
    done = pytest_of(sandbox)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conformance" not in done.stdout


def test_the_plugin_imports_next_to_nothing(sandbox):
    done = sandbox.run(
        """
        import sys
        import keras_core.testing.pytest_plugin
        loaded = {name.partition(".")[0] for name in sys.modules}
        print(sorted(loaded & {"numpy", "pluggy", "h5py", "yaml", "pytest"}))
        print(sorted(name for name in sys.modules if name.startswith("keras_core.")))
        """
    )
    names = ["legacy", "legacy.names", "missing", "namespaces", "newer", "slots"]
    names += ["testing", "testing.pytest_plugin"]
    assert done.stdout == f"[]\n{[f'keras_core.{name}' for name in names]}\n", done.stderr


def test_the_option_is_there_for_the_kit(sandbox):
    done = pytest_of(sandbox, "--pyargs", "keras_core.testing", "--backend", "no_such_backend")
    assert done.returncode == 1
    assert "There is no backend 'no_such_backend' here" in done.stdout


def test_check_backend_tells_what_is_not_installed(sandbox):
    words = ("-m", "keras_core", "check-backend", "no_such_backend")
    done = sandbox.command(sys.executable, *words)
    assert done.returncode == 1
    assert "keras-core: There is no backend 'no_such_backend' here" in done.stderr
