"""The plugin's hooks, and that each primitive has a way to run."""

from __future__ import annotations

import subprocess
import sys

import jax
import pytest

import keras_core.graph  # noqa: F401  (declares the primitives)
from keras_core.graph.primitive import PRIMITIVES
from keras_core.plugins.discovery import backend_info, find
from keras_jax import plugin

NOT_LOWERED = {"learning_phase"}  # a constant by the time a program is compiled


def test_hooks_load_no_engine():
    code = "import sys, keras_jax.plugin as p; p.keras_core_backend_info(); "
    code += "print({'jax', 'numpy', 'keras_core.graph'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_the_start_draws_no_numbers_of_the_users():
    code = """
import numpy as np
from keras_core.plugins import load_backend
np.random.seed(3)
load_backend("jax").to_storage(np.ones(2))
print(np.random.rand() == np.random.RandomState(3).rand())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "True\n", done.stderr


def test_info_tells_the_engine():
    info = backend_info(find("jax"))
    assert (info.name, info.engine, info.api) == ("jax", "JAX", (1, 5))
    assert info.engine_version == jax.__version__
    assert "cpu" in info.devices and not info.problems


def test_missing_engine_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(plugin.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install jax"):
        plugin.keras_core_make_backend({})
    (problem,) = plugin.keras_core_backend_info().problems
    assert problem.remedy == "pip install jax"


def test_an_engine_that_is_too_old_is_told(monkeypatch):
    old = type(plugin.installed_release("jax"))("jax", "0.4.29")
    monkeypatch.setattr(plugin, "installed_release", lambda *names: old)
    (problem,) = plugin.keras_core_backend_info().problems
    assert "0.4.29" in problem.what and "'jax>=0.4.30,<1'" in problem.remedy


def test_each_primitive_has_a_lowering_or_a_decomposition(backend):
    missing = {
        name
        for name, primitive in PRIMITIVES.items()
        if name not in backend.lowerings and primitive.decomposition is None
    }
    assert missing == NOT_LOWERED
    assert set(backend.lowerings) <= set(PRIMITIVES)
