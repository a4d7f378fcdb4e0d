"""Engines that are missing or do not fit are told, with the command that mends it, unimported.

The plugins are those of the repository, the engines empty distributions made for each test.
"""

from __future__ import annotations

import shutil
import sys
from importlib import metadata
from pathlib import Path

import pytest

from keras_core.plugins.contract import BackendInfo, speaks_this_api
from keras_core.plugins.engines import is_within

PLUGINS = Path(__file__).parents[2] / "plugins"
HIDDEN = {"KERAS_CORE_DISABLE_PLUGINS": "numpy,loopback,broken"}
PRETENDED = """
import types
import keras_theano.plugin
keras_theano.plugin.sys = types.SimpleNamespace(version_info=({}, 0))
"""


def has(name):
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


pytestmark = pytest.mark.skipif(
    has("keras-tf") or has("keras-theano"), reason="the engines themselves are installed"
)


class Machine:
    """A sandbox with a plugin and engines of the test's choosing."""

    def __init__(self, sandbox):
        self.sandbox = sandbox

    def plugin(self, package, name):
        shutil.copytree(PLUGINS / package / package, self.sandbox.site / package)
        info = self._metadata(package.replace("_", "-"), "2.4.0")
        entry = f"[keras_core.backends]\n{name} = {package}.plugin\n"
        (info / "entry_points.txt").write_text(entry)

    def engine(self, distribution, version, module=None):
        self._metadata(distribution, version)
        if module:
            folder = self.sandbox.site / module
            folder.mkdir()
            (folder / "__init__.py").write_text("raise SystemExit('the engine was imported')")

    def _metadata(self, distribution, version):
        info = self.sandbox.site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        (info / "METADATA").write_text(text)
        return info

    def ask(self, command, backend, python=None):
        """Runs a command, where asked as if Theano's plugin ran on another Python."""
        code = f"import sys\nfrom keras_core.cli import main\nsys.exit(main(['{command}']))"
        return self.sandbox.run(
            (PRETENDED.format(python) if python else "") + code, KERAS_BACKEND=backend, **HIDDEN
        )


@pytest.fixture
def machine(sandbox):
    return Machine(sandbox)


def check(machine, backend, state, *told, python=None):
    """Both commands tell it, and end with the status that says whether the backend can run."""
    for command in ("doctor", "backends"):
        done = machine.ask(command, backend, python)
        assert done.stderr == "", done.stderr
        assert state in done.stdout
        assert all(text in done.stdout for text in told), done.stdout
        assert done.returncode == (0 if state.endswith("ok") else 1)
    return done.stdout


def test_tensorflow_missing(machine):
    machine.plugin("keras_tf", "tensorflow")
    told = check(
        machine,
        "tensorflow",
        "cannot run",
        "TensorFlow is not installed",
        "To mend: pip install 'keras-tf[cpu]'",
    )
    assert "TensorFlow  -" in told


def test_metadata_without_the_module_is_no_engine(machine):
    machine.plugin("keras_tf", "tensorflow")
    machine.engine("tensorflow", "2.16.1")
    check(machine, "tensorflow", "cannot run", "TensorFlow is not installed")


@pytest.mark.skipif(sys.platform != "linux", reason="TensorFlow uses GPUs on Linux alone")
@pytest.mark.parametrize(
    ("distribution", "devices"),
    [
        ("tensorflow", "cpu, gpu"),
        ("tensorflow-cpu", "cpu"),
        ("tensorflow-rocm", "cpu, gpu"),
        ("intel-tensorflow", "cpu"),
        ("tf-nightly", "cpu, gpu"),
        ("some-tensorflow", "cpu, gpu"),
    ],
)
def test_devices_are_those_of_the_installed_tensorflow(machine, distribution, devices):
    machine.plugin("keras_tf", "tensorflow")
    machine.engine(distribution, "2.16.1", "tensorflow")
    table = check(machine, "tensorflow", "ok")
    version = "" if distribution == "some-tensorflow" else " 2.16.1"
    row = next(line for line in table.splitlines() if line.startswith("tensorflow"))
    cells = ["tensorflow", "keras-tf 2.4.0", f"TensorFlow{version}", devices, "ok"]
    assert [cell.strip() for cell in row.split("  ") if cell.strip()] == cells


@pytest.mark.parametrize(("built", "devices"), [("True", "cpu, gpu"), ("False", "cpu")])
def test_what_tensorflow_says_of_its_build_counts_most(machine, built, devices):
    machine.plugin("keras_tf", "tensorflow")
    machine.engine("tensorflow", "2.21.0", "tensorflow")
    folder = machine.sandbox.site / "tensorflow" / "python" / "platform"
    folder.mkdir(parents=True)
    pairs = f"[('cpu_compiler', 'clang'), ('is_cuda_build', {built}), ('is_rocm_build', False)]"
    (folder / "build_info.py").write_text(f"build_info = collections.OrderedDict({pairs})\n")
    table = check(machine, "tensorflow", "ok")
    assert f"TensorFlow 2.21.0  {devices}  " in table


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("2.14.1", "cannot run"),
        ("1.15.5", "cannot run"),
        ("2.15.0", "ok"),
        ("2.21.0rc1", "ok"),
        ("3.0.0", "cannot run"),
    ],
)
def test_versions_of_tensorflow(machine, version, state):
    machine.plugin("keras_tf", "tensorflow")
    machine.engine("tensorflow-cpu", version, "tensorflow")
    mend = "To mend: pip install --upgrade 'tensorflow-cpu>=2.15,<3'"
    told = (f"tensorflow-cpu {version} is installed", mend) if state != "ok" else ()
    check(machine, "tensorflow", state, *told)


def test_theano_fits(machine):
    machine.plugin("keras_theano", "theano")
    machine.engine("Theano", "1.0.5", "theano")
    machine.engine("numpy", "1.23.5")
    check(machine, "theano", "ok", python="3, 11")


@pytest.mark.parametrize(
    ("engine", "numpy", "python", "told", "mend"),
    [
        (None, "1.23.5", "3, 11", "Theano 1.0.5 is not installed", "pip install Theano==1.0.5"),
        ("1.0.4", "1.23.5", "3, 11", "Theano 1.0.4 is installed", "pip install Theano==1.0.5"),
        ("1.1.2", "1.23.5", "3, 11", "Theano 1.1.2 is installed", "pip install Theano==1.0.5"),
        ("1.0.5", "1.24.0", "3, 11", "NumPy 1.24.0 does not fit", "'numpy>=1.20,<1.24'"),
        ("1.0.5", "2.1.0", "3, 11", "NumPy 2.1.0 does not fit", "'numpy>=1.20,<1.24'"),
        ("1.0.5", "1.19.5", "3, 11", "NumPy 1.19.5 does not fit", "'numpy>=1.20,<1.24'"),
        ("1.0.5", "1.23.5", "3, 12", "Python 3.12 is too new", "python3.11 -m venv"),
    ],
)
def test_theano_does_not_fit(machine, engine, numpy, python, told, mend):
    machine.plugin("keras_theano", "theano")
    if engine:
        machine.engine("Theano", engine, "theano")
    machine.engine("numpy", numpy)
    check(machine, "theano", "cannot run", told, mend, python=python)


def test_an_engine_that_is_not_chosen_is_noted_and_no_fault(machine):
    machine.plugin("keras_tf", "tensorflow")
    machine.plugin("keras_numpy", "mine")
    done = machine.sandbox.command(
        sys.executable, "-m", "keras_core", "doctor", KERAS_BACKEND="mine", **HIDDEN
    )
    assert "NOTE: the backend 'tensorflow' of keras-tf 2.4.0 cannot run:" in done.stdout
    assert "No problem found." in done.stdout and done.returncode == 0


def test_where_it_does_not_load_the_error_says_what_mends_it(machine):
    machine.plugin("keras_tf", "tensorflow")
    code = "from keras_core.plugins import current_backend; current_backend()"
    done = machine.sandbox.run(code, KERAS_BACKEND="tensorflow", **HIDDEN)
    assert "BackendLoadError: The backend 'tensorflow' of keras-tf 2.4.0" in done.stderr
    assert "To mend: pip install 'keras-tf[cpu]'" in done.stderr


def test_what_cannot_run_is_not_available(machine):
    machine.plugin("keras_tf", "tensorflow")
    code = "from keras_core.plugins import available_backends; print(available_backends())"
    done = machine.sandbox.run(code, **HIDDEN)
    assert done.stdout == "{}\n"
    assert "PluginWarning: keras-tf 2.4.0 is left out" in done.stderr


def test_a_plugin_written_for_the_contract_before_still_counts_as_sound():
    assert speaks_this_api((1, 0)) and speaks_this_api((1, 5)) and not speaks_this_api((1, 6))
    assert BackendInfo("old", "its engine", "1.0", (1, 0), ("cpu",), ()).problems == ()


@pytest.mark.parametrize(
    ("version", "fits"),
    [("2.15", True), ("2.15.0", True), ("2.9.3", False), ("2.100", True), ("3", False), ("", True)],
)
def test_versions_are_compared_by_their_numbers(version, fits):
    assert is_within(version, "2.15", "3") == fits
