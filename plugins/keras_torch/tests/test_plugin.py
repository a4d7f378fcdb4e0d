"""The plugin's hooks, devices, and that each primitive has a way to run."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest

import keras_core
from keras_core.graph.primitive import PRIMITIVES
from keras_core.plugins import load_backend
from keras_core.plugins.discovery import backend_info, find

NOT_LOWERED = {
    "learning_phase",  # a constant by the time a program is compiled
    "scan",  # written as a loop over its own steps
}


def test_hooks_load_no_engine():
    code = "import sys, keras_torch.plugin as p; p.keras_core_backend_info(); "
    code += (
        "print({'torch', 'numpy', 'keras_core.graph', 'keras_torch.backend'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_info_tells_the_engine():
    info = backend_info(find("torch"))
    assert (info.name, info.engine, info.api) == ("torch", "PyTorch", (1, 5))
    assert info.engine_version == metadata.version("torch")
    assert not info.problems and not info.limitations


def test_each_primitive_has_a_lowering_or_a_decomposition():
    lowerings = load_backend("torch").lowerings
    missing = {
        name
        for name, primitive in PRIMITIVES.items()
        if name not in lowerings and primitive.decomposition is None
    }
    assert missing == NOT_LOWERED


def test_devices():
    backend = load_backend("torch")
    first = backend.devices()[0]
    assert "cpu" in backend.devices()
    assert backend.on(first) is backend
    assert backend.on("cpu") is backend.on("cpu")
    with pytest.raises(ValueError, match="'cuda:77'.*'cpu'"), keras_core.device("cuda:77"):
        pass
