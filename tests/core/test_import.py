"""Importing keras_core is light and has no effect that anybody could see."""

from __future__ import annotations

import sys

import pytest

ENGINES = {"tensorflow", "theano", "jax", "torch", "h5py", "yaml", "keras_numpy"}


def test_import_prints_nothing_loads_no_engine_and_writes_no_file(sandbox):
    done = sandbox.run(
        f"""
        import sys
        import keras_core
        loaded = {ENGINES} & set(sys.modules)
        sys.exit(f"loaded: {{loaded}}" if loaded else 0)
        """
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(sandbox.home.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from Linux's /proc")
def test_import_stays_under_80_mb(sandbox):
    done = sandbox.run(
        """
        import keras_core
        (peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
        print(peak.split()[1])
        """
    )
    assert int(done.stdout) * 1024 < 80e6


def test_whole_api_can_be_imported_without_loading_a_backend(sandbox):
    done = sandbox.run(
        f"""
        import sys
        import keras_core
        import keras_core.layers, keras_core.models, keras_core.optimizers, keras_core.backend
        import keras_core.losses, keras_core.metrics, keras_core.callbacks, keras_core.datasets
        print({ENGINES} & set(sys.modules))
        """
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_settings_that_name_no_installed_backend_do_not_break_the_import(sandbox):
    sandbox.settings('{"backend": "cntk"}')
    done = sandbox.run("import keras_core; import keras_core.backend")
    assert (done.returncode, done.stderr) == (0, "")


def test_submodules_and_names_answer_when_asked_for(sandbox):
    done = sandbox.run(
        """
        import keras_core as keras
        print(keras.Sequential is keras.models.Sequential, keras.layers.Dense.__name__)
        print("Model" in dir(keras), "layers" in dir(keras))
        """
    )
    assert done.stdout == "True Dense\nTrue True\n", done.stderr


def test_unknown_name_is_an_attribute_error(sandbox):
    done = sandbox.run("import keras_core; keras_core.Sequentail")
    assert "AttributeError: module 'keras_core' has no attribute 'Sequentail'" in done.stderr
