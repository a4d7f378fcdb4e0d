"""The plugin's hooks, and that each primitive has a way to run."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import keras_core.graph  # noqa: F401  (declares the primitives)
from keras_core.graph.primitive import PRIMITIVES
from keras_core.plugins import load_backend
from keras_core.plugins.discovery import backend_info, find

NOT_LOWERED = {
    "learning_phase",  # a constant by the time a program is compiled
    "scan",  # compiled into a loop over its own program
}


def test_hooks_load_no_engine():
    code = "import sys, keras_numpy.plugin as p; p.keras_core_backend_info(); "
    code += "print({'numpy', 'keras_core.graph', 'keras_numpy.backend'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_info_tells_the_engine():
    info = backend_info(find("numpy"))
    assert (info.name, info.engine, info.api) == ("numpy", "NumPy", (1, 5))
    assert info.engine_version == metadata.version("numpy")


def test_each_primitive_has_a_lowering_or_a_decomposition():
    lowerings = load_backend("numpy").lowerings
    missing = {
        name
        for name, primitive in PRIMITIVES.items()
        if name not in lowerings and primitive.decomposition is None
    }
    assert missing == NOT_LOWERED


def test_each_lowering_is_of_a_primitive():
    assert set(load_backend("numpy").lowerings) <= set(PRIMITIVES)
