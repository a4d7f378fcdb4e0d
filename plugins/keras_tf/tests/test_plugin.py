"""The plugin's hooks, and that each primitive has a way to run."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest
import tensorflow as tf

import keras_core.graph  # noqa: F401  (declares the primitives)
from keras_core.graph.primitive import PRIMITIVES
from keras_core.plugins import load_backend
from keras_core.plugins.discovery import backend_info, find
from keras_tf import plugin

NOT_LOWERED = {"learning_phase"}  # a constant by the time a program is compiled


def test_hooks_load_no_engine():
    code = "import sys, keras_tf.plugin as p; p.keras_core_backend_info(); "
    code += "print({'tensorflow', 'numpy', 'keras_core.graph'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_import_searches_no_garbage_and_leaves_keras_3_until_it_is_asked_for():
    code = """
import gc, sys
from keras_core.plugins import load_backend
whole = []
gc.callbacks.append(lambda phase, info: whole.append(phase) if info["generation"] == 2 else None)
load_backend("tensorflow")
print("keras.src" in sys.modules, whole, gc.isenabled())
import tensorflow as tf
print(tf.keras.layers.Dense(2)(tf.ones([1, 3])).shape)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    # Keras 2 comes with TensorFlow's own import.
    is_here = metadata.version("keras").startswith("2")
    assert done.stdout == f"{is_here} [] True\n(1, 2)\n", done.stderr


def test_info_tells_the_engine():
    info = backend_info(find("tensorflow"))
    assert (info.name, info.engine, info.api) == ("tensorflow", "TensorFlow", (1, 5))
    assert info.engine_version == tf.__version__


def test_missing_engine_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(plugin.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'keras-tf\[cpu\]'"):
        plugin.keras_core_make_backend({})


def test_each_primitive_has_a_lowering_or_a_decomposition():
    lowerings = load_backend("tensorflow").lowerings
    missing = {
        name
        for name, primitive in PRIMITIVES.items()
        if name not in lowerings and primitive.decomposition is None
    }
    assert missing == NOT_LOWERED


def test_each_lowering_is_of_a_primitive():
    assert set(load_backend("tensorflow").lowerings) <= set(PRIMITIVES)


def test_the_cpu_is_always_among_the_devices():
    assert load_backend("tensorflow").devices()[-1] == "cpu"
