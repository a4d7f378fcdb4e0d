"""What a backend says of itself, and the parts of the contract besides running programs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from keras_core.graph import PRIMITIVES, Update, Variable
from keras_core.graph import primitives as p
from keras_core.plugins import Backend, Limitation, current_backend, device, devices
from keras_core.plugins.contract import speaks_this_api
from keras_core.plugins.discovery import find
from keras_core.testing.limitation import unused
from keras_core.testing.offers import OPTIONAL
from keras_core.testing.runners import Function

# A constant in each program, and a loop that may be compiled in the backend's own way.
NEED_NO_LOWERING = {"learning_phase", "scan"}

# Prints what describing a backend imports besides its own package and Python's library.
DESCRIBE = """
import sys, sysconfig
import pluggy
from keras_core.plugins import manager, discovery
plugin = discovery.find(sys.argv[1])
manager.manager()
before = set(sys.modules)
discovery.backend_info(plugin)
own = {"keras_core", plugin.entry_point.value.partition(":")[0].partition(".")[0]}
library = sysconfig.get_path("stdlib")
for name in sorted(set(sys.modules) - before):
    origin = getattr(sys.modules[name], "__file__", None) or ""
    is_library = origin.startswith(library) and "site-packages" not in origin
    if origin and name.partition(".")[0] not in own and not is_library:
        print(name)
"""


def test_info_is_complete(conformance_backend):
    info = conformance_backend
    assert info.name == current_backend().name == find(info.name).name
    assert isinstance(info.engine, str) and info.engine
    assert isinstance(info.engine_version, str)
    assert all(isinstance(device, str) for device in info.devices)


def test_info_names_a_version_of_the_contract(conformance_backend):
    api = conformance_backend.api
    assert len(api) == 2 and all(type(part) is int for part in api)
    assert speaks_this_api(api)


def test_limitations_have_reasons(conformance_backend):
    for known in conformance_backend.limitations:
        assert isinstance(known, Limitation) and known.cases and known.reason, known


def test_limitations_cover_checks(conformance_backend, check_names):
    if check_names is not None:
        assert not unused(conformance_backend.limitations, check_names)


def test_describing_starts_no_engine(conformance_backend):
    command = [sys.executable, "-c", DESCRIBE, conformance_backend.name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not done.stdout, f"describing the backend imports {done.stdout.split()}"


def test_is_a_backend():
    backend = current_backend()
    assert isinstance(backend, Backend)
    assert isinstance(backend.donates, bool)
    devices = backend.devices()
    assert isinstance(devices, tuple) and devices and all(isinstance(d, str) for d in devices)


def test_each_device_has_a_backend():
    usual = current_backend()
    for name in usual.devices():
        there = usual.on(name)
        assert isinstance(there, Backend) and there.name == usual.name
        assert there is usual.on(name), f"{name}: another backend at each call"


def test_programs_run_on_each_device():
    v = Variable([1.0])
    step = Function([], [p.identity(v)], [Update(v, p.add(v, v))])
    names = devices()
    for name in (*names, names[0]):
        with device(name):
            step([])
    assert v.get_value().tolist() == [2 ** (len(names) + 1)]


def test_a_device_that_is_not_there_is_refused():
    backend = current_backend()
    with pytest.raises(ValueError, match="abacus:7") as caught:
        backend.on("abacus:7")
    assert all(name in str(caught.value) for name in backend.devices())


def test_lowerings_are_of_primitives():
    assert set(current_backend().lowerings) <= set(PRIMITIVES)


def test_lowerings_are_read_only():
    with pytest.raises(TypeError):
        current_backend().lowerings["add"] = None  # type: ignore[index]


def test_each_primitive_has_a_way_to_run():
    lowerings = current_backend().lowerings
    if lowerings:
        missing = {
            name
            for name, primitive in PRIMITIVES.items()
            if name not in lowerings and primitive.decomposition is None
        }
        assert missing <= NEED_NO_LOWERING | OPTIONAL


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "bool"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)], ids=str)
def test_storage_keeps_values(dtype, shape):
    backend = current_backend()
    value = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    again = backend.to_numpy(backend.to_storage(value))
    assert again.dtype == dtype and again.shape == shape
    np.testing.assert_array_equal(again, value)


def test_storage_is_nobody_elses_memory():
    backend = current_backend()
    value = np.zeros((2, 3), "float32")
    storage = backend.to_storage(value)
    value.fill(1)
    taken = backend.to_numpy(storage)
    taken.fill(2)
    assert backend.to_numpy(storage).tolist() == [[0] * 3] * 2


def test_storage_of_an_array_in_another_order():
    backend = current_backend()
    value = np.arange(12, dtype="float32").reshape(3, 4).T[::-1]
    np.testing.assert_array_equal(backend.to_numpy(backend.to_storage(value)), value)
