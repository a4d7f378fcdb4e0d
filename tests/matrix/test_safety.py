"""Files and texts that somebody else wrote: what is refused, how it is told, what stays."""

from __future__ import annotations

import copy
import gc
import io
import json
import os
import pickle
import signal
import stat
import subprocess
import sys
import textwrap
import threading

import h5py
import numpy as np
import pytest

from keras_core import (
    activations,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from keras_core.backend import naming
from keras_core.errors import ModelFileError
from keras_core.layers import Dense, Input, Lambda
from keras_core.models import (
    Model,
    Sequential,
    clone_model,
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
)
from keras_core.saving.safety import memory_scope, safe_mode_scope
from keras_core.utils import get_custom_objects, hdf5_gate

X = np.linspace(-1, 1, 10).reshape(2, 5).astype("float32")
Y = np.ones((2, 2), "float32")
KERNEL = "model_weights/first/first/kernel:0"


def trained():
    model = Sequential([Dense(3, input_shape=(5,), name="first"), Dense(2, name="second")])
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    return model


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "m.h5"
    trained().save(path)
    return path


def refused_for(model, path, reason, *where):
    refused(lambda: model.load_weights(path), reason, *where)


def replaced(path, name, **dataset):
    """Puts another dataset in the place of one."""
    with h5py.File(path, "a") as file:
        del file[name]
        file.create_dataset(name, **dataset)


def reconfigured(path, change, name="model_config"):
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs[name])
        change(config)
        file.attrs[name] = json.dumps(config)


def refused(read, reason=None, file=None, place=None):
    """The one error that all faults of files are, with its three parts."""
    names = dict(naming._uids)
    with pytest.raises(ModelFileError, match=reason) as caught:
        read()
    error = caught.value
    assert isinstance(error, ValueError)
    assert error.reason in str(error)
    assert (error.file or "").endswith(file or "")
    assert (error.place or "").endswith(place or "")
    assert len(str(error)) < 3000
    assert dict(naming._uids) == names
    return error


# HDF5: kinds, links, storage, sizes


def _soft(file):
    del file[KERNEL]
    file[KERNEL] = h5py.SoftLink("/model_weights/second/second/kernel:0")


def _external(file):
    del file["model_weights/first"]
    file["model_weights/first"] = h5py.ExternalLink("/dev/zero", "/x")


def _group_for_array(file):
    del file[KERNEL]
    file.create_group(KERNEL)


def _array_for_group(file):
    del file["model_weights/first"]
    file["model_weights/first"] = np.ones(3)


def _array_for_names(file):
    names = file["model_weights"].attrs["layer_names"]
    del file["model_weights"].attrs["layer_names"]
    file["model_weights"]["layer_names"] = names


def _attribute_for_array(file):
    group, name = file["model_weights/first"], "first/kernel:0"
    group.attrs[name] = np.ones((5, 3), "f4")


def _cycle(file):
    del file["model_weights/first"]
    file["model_weights/first"] = file["model_weights"]


def _twice(file):
    group = file["model_weights"]
    group.attrs["layer_names"] = np.array([b"first", b"first"])


def _parent(file):
    file["model_weights/first"].attrs["weight_names"] = np.array([b"../second", b"./x"])


def _absolute(file):
    file["model_weights/first"].attrs["weight_names"] = np.array([b"/" + KERNEL.encode(), b"x"])


def _no_utf8(file):
    file["model_weights"].attrs["layer_names"] = np.array([b"\xff\xfe", b"second"])


def _references(file):
    file["model_weights"].attrs["layer_names"] = file.ref


def _no_names(file):
    file["model_weights"].attrs["layer_names"] = h5py.Empty("S3")


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        (_soft, "kernel:0", "a link to another place"),
        (_external, "/first", "a link to another place"),
        (_group_for_array, "kernel:0", "a group"),
        (_array_for_group, "/first", "a group was expected"),
        (_array_for_names, "layer_names", "missing"),
        (_attribute_for_array, "kernel:0", "an attribute stands where"),
        (_cycle, "", "weight_names: it is missing"),
        (_twice, "layer_names", "stands there twice"),
        (_parent, "", "missing|no name within"),
        (_absolute, "", "no name within"),
        (_no_utf8, "layer_names", "no UTF-8"),
        (_references, "layer_names", "no array of numbers|neither a text"),
        (_no_names, "layer_names", "neither a text nor a list"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_objects_of_an_hdf5_file_that_are_something_else(path, change, place, reason, whole):
    with h5py.File(path, "a") as file:
        change(file)
    model = trained()
    before = model.get_weights()
    refused(lambda: load_model(path) if whole else model.load_weights(path), reason, "m.h5", place)
    refused(lambda: load_model(io.BytesIO(path.read_bytes())), reason)
    assert all((a == b).all() for a, b in zip(before, model.get_weights()))


def _bomb(shape=(2**24,), **options):
    return {"data": np.zeros(shape, "f4"), "compression": "gzip", **options}


@pytest.mark.parametrize(
    ("dataset", "reason"),
    [
        ({"shape": (10**6, 10**6), "dtype": "f4", "chunks": (10, 10)}, "bytes were to be read"),
        (
            {"shape": (5, 3), "dtype": "f4", "chunks": (2**9, 2**10), "maxshape": (None, None)},
            "a chunk",
        ),
        ({"shape": (2**20,), "dtype": "f4", "chunks": (2,)}, "chunks are too many"),
        (_bomb(), "bytes were to be read"),
        ({"shape": (5, 3), "dtype": "f4", "external": [("/etc/hostname", 0, 60)]}, "another file"),
        ({"data": np.ones((5, 3), "i4"), "scaleoffset": 3}, "filters"),
        ({"data": np.ones((5, 3), "c8")}, "no array of numbers"),
        ({"data": np.array([b"ab"] * 15).reshape(5, 3)}, "no array of numbers"),
        ({"shape": (5, 3), "dtype": h5py.string_dtype()}, "no array of numbers"),
        ({"shape": (5, 3), "dtype": h5py.ref_dtype}, "no array of numbers"),
        ({"shape": (5, 3), "dtype": h5py.vlen_dtype("f4")}, "no array of numbers"),
        ({"shape": (5, 3), "dtype": h5py.enum_dtype({"a": 1, "b": 5})}, "no array of numbers"),
        ({"shape": (5, 3), "dtype": "V8"}, "no array of numbers"),
        ({"data": h5py.Empty("f4")}, "no array of numbers"),
    ],
)
def test_arrays_that_are_not_read(path, dataset, reason):
    replaced(path, KERNEL, **dataset)
    refused(lambda: load_model(path), reason, "m.h5", "kernel:0")
    refused_for(trained(), path, reason, "m.h5", "kernel:0")


def test_an_array_put_together_from_other_files(path):
    with h5py.File(path, "a") as file:
        del file[KERNEL]
        layout = h5py.VirtualLayout((5, 3), "f4")
        layout[...] = h5py.VirtualSource("/etc/hostname", "x", (5, 3))
        file.create_virtual_dataset(KERNEL, layout)
    refused(lambda: load_model(path), "put together from other places", "m.h5", "kernel:0")


def test_a_chunk_that_unpacks_to_more_than_it_says(path):
    import zlib

    replaced(path, KERNEL, shape=(5, 3), dtype="f4", chunks=(5, 3), compression="gzip")
    with h5py.File(path, "a") as file:
        file[KERNEL].id.write_direct_chunk((0, 0), zlib.compress(bytes(2**24)))
    refused(lambda: load_model(path), "unpacks to more", "m.h5", "kernel:0")


@pytest.mark.parametrize("options", [{"compression": "gzip"}, {"compression": "lzf"}, {}])
@pytest.mark.parametrize("further", [{}, {"shuffle": True}, {"fletcher32": True}])
def test_known_filters_are_read(path, options, further):
    values = np.arange(15, dtype="f8").reshape(5, 3)
    replaced(path, KERNEL, data=values, chunks=(2, 3), **options, **further)
    assert (load_model(path).get_weights()[0] == values).all()


def test_an_array_that_says_it_is_packed_without_chunks(path):
    class Forged:
        def __getattr__(self, name):
            return getattr(plan, name)

        def get_layout(self):
            return h5py.h5d.CONTIGUOUS

    replaced(path, KERNEL, shape=(5, 3), dtype="f4", chunks=(5, 3), compression="gzip")
    with h5py.File(path) as file:
        plan = file[KERNEL].id.get_create_plist()
        gate = hdf5_gate.Gate(file)
        refused(lambda: hdf5_gate._check_storage(gate, KERNEL, Forged()), "not in chunks")


@pytest.mark.parametrize("dtype", ["f2", ">f8", "i1", "u8", "?"])
def test_numbers_of_every_kind_are_read(path, dtype):
    values = (np.arange(15).reshape(5, 3) % 2).astype(dtype)
    replaced(path, KERNEL, data=values)
    assert (load_model(path).get_weights()[0] == values).all()


def test_names_by_which_one_text_is_repeated(path):
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = "x" * 10**6
        names = np.array(["x" * 10**6] * 4000, dtype=object)
        with h5py.File(path.with_name("other.h5"), "w", libver="latest") as other:
            other.attrs["keep"] = 1
        file["model_weights"].attrs["layer_names"] = names[:1].astype("S10")
    refused(lambda: load_model(path), "no JSON", "m.h5", "model_config")


def test_arrays_of_more_than_the_file_stands_for_are_read_when_told(path):
    values = np.zeros((2**24, 1), "f4")
    model = Sequential([layers.Embedding(2**24, 1, name="first", input_length=1)])
    group = "first/first/embeddings:0"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"first"])
        file.create_group("first").attrs["weight_names"] = np.array([b"first/embeddings:0"])
        file.create_dataset(group, data=values, compression="gzip")
    refused(lambda: model.load_weights(path), "memory_scope", "m.h5", "embeddings:0")
    with memory_scope(None):
        model.load_weights(path)
    assert not model.get_weights()[0].any()


@pytest.mark.parametrize("kind", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_not_opened(tmp_path, kind):
    path = tmp_path / "m.h5"
    kind(path)
    refused(lambda: load_model(path), "no regular file", "m.h5")
    refused_for(trained(), path, "no regular file", "m.h5")


def test_a_missing_file_is_missing():
    with pytest.raises(FileNotFoundError, match="There is no file"):
        trained().load_weights("nowhere.h5")


@pytest.mark.parametrize("word", [0, 1, 8, 2**64 - 16, 2**64 - 1, 2**63])
@pytest.mark.parametrize("at", [8, 24, 40])
def test_damaged_heaps_are_found_before_the_library_searches_them(path, at, word):
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    content[heap + at : heap + at + 8] = word.to_bytes(8, "little")
    path.write_bytes(content)
    try:  # where the word makes no difference, or the text is another one
        load_model(path)
    except ModelFileError as error:
        assert error.file.endswith("m.h5")


@pytest.mark.parametrize("unused", [b"\0\0\0", b"\0\7\0"])
def test_a_heap_without_an_end(path, unused):
    content = bytearray(path.read_bytes())
    heap = content.index(b"GCOL")
    content[heap + 5 : heap + 8] = unused
    content[heap + 16 : heap + 4096] = bytes(4080)
    path.write_bytes(content)
    refused(lambda: load_model(path), "texts are damaged", "m.h5", f"heap at byte {heap}")
    refused_for(trained(), path, "texts are damaged", "m.h5")
    with h5py.File(io.BytesIO(bytes(content)), "r") as file:
        assert file  # opening alone searches nothing


def test_numbers_that_look_like_a_heap_are_read(path):
    values = np.frombuffer(b"GCOL\1abc" + bytes(range(200, 252)), "f4").reshape(5, 3)
    replaced(path, KERNEL, data=values)
    assert load_model(path).get_weights()[0].tobytes() == values.tobytes()


# Configurations


DENSE = {"class_name": "Dense", "config": {"units": 2, "batch_input_shape": [None, 3]}}


def sequential(*configs):
    return {"class_name": "Sequential", "config": {"name": "s", "layers": list(configs)}}


def layer(class_name, **config):
    return {"class_name": class_name, "config": {"batch_input_shape": [None, 3], **config}}


def entry(name, *sources):
    config = {"name": name, "activation": "linear"}
    calls = [[[source, 0, 0, {}] for source in sources]] if sources else []
    return {"class_name": "Activation", "name": name, "config": config, "inbound_nodes": calls}


def network(*entries, end):
    config = {"name": "i", "batch_input_shape": [None, 3], "dtype": "float32", "sparse": False}
    first = {"class_name": "InputLayer", "name": "i", "config": config, "inbound_nodes": []}
    ends = {"input_layers": [["i", 0, 0]], "output_layers": [[end, 0, 0]]}
    return {"class_name": "Model", "config": {"name": "m", "layers": [first, *entries], **ends}}


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (3, "no model can be made"),
        ({}, "class_name"),
        ({"class_name": ["Dense"], "config": {}}, "no name"),
        ({"class_name": "Sequential", "config": 3}, "a list 'layers'"),
        (sequential(3), "Improper config of a layer"),
        (sequential({"class_name": "Dense"}), "Improper config of a layer"),
        (
            sequential(layer("Dense", units=10**12)),
            "Layer dense.* asks for 3,000,000,000,000 numbers",
        ),
        (sequential(layer("Dense", units=float("nan"))), "units"),
        (sequential(layer("Dense", units=[2])), "units"),
        (sequential(layer("Dense", units=2, activation="deserialize")), "Unknown activation"),
        (sequential(layer("Dense", units=2, kernel_initializer={})), "class_name"),
        (sequential(layer("Dense", units=2, bias_initializer=3)), "initializer"),
        (sequential(layer("LSTM", units=2, unroll=True, batch_input_shape=[1, 10**9, 2])), "calls"),
        (
            sequential(layer("LSTM", units=2, stateful=True, batch_input_shape=[10**12, 1, 2])),
            "numbers",
        ),
        (
            sequential(
                layer(
                    "UpSampling2D",
                    size=[10**12, 1],
                    interpolation="bilinear",
                    batch_input_shape=[1, 2, 2, 1],
                )
            ),
            "An enlargement asks for",
        ),
        (sequential({"class_name": "os.system", "config": {"x": 1}}), "Unknown layer: 'os.system'"),
        (sequential({"class_name": "mse", "config": {}}), "Unknown layer: 'mse'"),
        (network(entry("a", "b"), entry("b", "a"), end="b"), "not complete"),
        (network(entry("a", "a"), end="a"), "not complete"),
        (network(entry("a", "i"), entry("a", "i"), end="a"), "Two layers .* named 'a'"),
        (network(entry("a", "i"), end="nothing"), "'nothing', which it does not hold"),
        (network({**entry("a", "i"), "inbound_nodes": 3}, end="a"), "a list 'inbound_nodes'"),
        (
            network({**entry("a", "i"), "inbound_nodes": [[["i", -1, 0, {}]]]}, end="a"),
            "by a layer",
        ),
        (
            network({**entry("a", "i"), "inbound_nodes": [[["i", 0, 0, 3]]]}, end="a"),
            "no dictionary",
        ),
        (network({**entry("a", "i"), "inbound_nodes": [[[["i"], 0, 0]]]}, end="a"), "no name"),
    ],
)
def test_configurations_that_make_no_model(config, reason):
    refused(lambda: model_from_config(copy.deepcopy(config)), reason)
    refused(lambda: model_from_json(json.dumps(config)), reason)
    refused(lambda: model_from_yaml(json.dumps(config).replace("NaN", ".nan")), reason)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 10**5, "nested too deeply"),
        ('{"a":' * 10**5, "nested too deeply"),
        ('{"class_name": "Dense", "class_name": "Model"}', "'class_name' stands twice"),
        (f'{{"a": {"9" * 10**5}}}', "a number of 100000 digits"),
        ('{"class_name": "\\ud800", "config": {}}', "Unknown layer"),
    ],
)
def test_json_that_makes_no_model(text, reason):
    refused(lambda: model_from_json(text), reason)


LAUGHS = "\n".join(
    [f"m0: &m0 [{', '.join('x' * 9)}]"]
    + [f"m{i}: &m{i} [{', '.join([f'*m{i - 1}'] * 9)}]" for i in range(1, 9)]
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("a: [", "cannot be read"),
        ("[" * 3000, "nested too deeply"),
        (LAUGHS, "references that multiply"),
        ("&a [*a]", "references that multiply"),
        ("a: &a {x: 1}\nb: {<<: *a}", "merges mappings"),
        ("{a: 1, a: 2}", "stands twice"),
        ("a: " + "9" * 10**5, "a number of 100000 digits"),
        ("a: " + ":".join(["59"] * 10**4), "digits"),
        ("!!python/object/apply:os.system ['true']", "cannot be read"),
        ("!!python/name:os.system", "cannot be read"),
        ("!!python/object/new:type {}", "cannot be read"),
        ("a: !!binary aGVsbG8=", "a bytes"),
        ("a: 2001-01-01", "a date"),
        ("!!set {a, b}", "a set"),
    ],
)
def test_yaml_that_makes_no_model(text, reason):
    refused(lambda: model_from_yaml(text), reason)


def nested(depth):
    """Models each of which calls the one inside twice: two to the power of `depth` calls in all."""
    innermost = entry("a", "i")
    innermost["config"]["activation"] = "relu"  # a linear one gives its input, for one call of all
    made = network(innermost, end="a")["config"]
    for level in range(depth):
        inner = {
            "class_name": "Model",
            "name": f"m{level}",
            "config": {**made, "name": f"m{level}"},
        }
        calls = [[["i", 0, 0, {}]], [[f"m{level}", 1, 0, {}]]]
        made = network({**inner, "inbound_nodes": calls}, end=f"m{level}")["config"]
        made["output_layers"] = [[f"m{level}", 2, 0]]
    return {"class_name": "Model", "config": made}


def test_models_that_call_models_twice_are_bounded():
    assert model_from_config(nested(3)).layers
    refused(lambda: model_from_config(nested(40)), "calls")


def test_layers_in_reverse_are_made_in_as_many_calls(monkeypatch):
    from keras_core.engine import network_config

    asked = []
    missing = network_config._missing
    monkeypatch.setattr(network_config, "_missing", lambda *args: asked.append(1) or missing(*args))
    chain = [entry(f"a{i}", f"a{i - 1}" if i else "i") for i in range(300)]
    config = network(*reversed(chain), end="a299")
    assert len(model_from_config(config).layers) == 301
    assert len(asked) <= 2 * 301


def test_a_configuration_may_take_more_when_told():
    config = sequential(layer("Dense", units=5))
    with memory_scope(40):
        refused(lambda: model_from_config(config), "memory_scope")
    with memory_scope(80):
        assert model_from_config(config).count_params() == 20


def _counting(monkeypatch):
    """The shapes of the first values that are drawn from here on."""
    drawn = []
    zeros = initializers.Zeros.__call__
    monkeypatch.setattr(
        initializers.Zeros,
        "__call__",
        lambda self, shape, dtype=None: drawn.append(tuple(shape)) or zeros(self, shape, dtype),
    )
    return drawn


def test_the_sum_of_a_configuration_is_known_before_much_is_taken(monkeypatch):
    drawn = _counting(monkeypatch)
    wide = {"units": 2000, "kernel_initializer": "zeros"}
    config = sequential(*(layer("Dense", name=f"d{i}", **wide) for i in range(5)))
    with memory_scope(4 * 12_000_000):
        refused(lambda: model_from_config(config), "memory_scope")
    assert sum(np.prod(shape) for shape in drawn) <= 2**22 + 2000 * 2000 + 2000
    refused(lambda: model_from_config(sequential(*[layer("Dense", units=2 * 10**8)] * 1)), "scope")


def test_weights_that_waited_get_their_first_values_or_those_that_were_set():
    class Setting(Dense):
        def build(self, input_shape):
            super().build(input_shape)
            self.set_weights([np.full((2100, 2100), 7.0), np.full((2100,), 3.0)])

    wide = {"units": 2100, "kernel_initializer": "ones"}
    config = sequential(
        *(layer(kind, name=f"d{i}", **wide) for i, kind in enumerate(["Dense", "Dense", "Setting"]))
    )
    model = model_from_config(config, {"Setting": Setting})
    found = model.get_weights()
    assert [float(weight.mean()) for weight in found] == [1, 0, 1, 0, 7, 3]


def test_weights_that_waited_are_drawn_without_the_engine(monkeypatch):
    drawn = {"class_name": "RandomUniform", "config": {"seed": 5}}
    wide = {"units": 2100, "kernel_initializer": drawn}
    config = sequential(*(layer("Dense", name=f"d{i}", **wide) for i in range(3)))
    monkeypatch.setattr("keras_core.graph.function.Function.__call__", None)
    _, _, second, _, third, _ = model_from_config(config).get_weights()
    assert (second == third).all() and third.std() > 0


def test_infinite_options_survive_json():
    model = Sequential([layers.ReLU(max_value=None, input_shape=(2,)), layers.Masking(np.nan)])
    assert np.isnan(model_from_json(model.to_json()).layers[1].mask_value)


# Files against their configurations


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda c: c["config"]["layers"][0]["config"].update(units=10**12),
            "a file with 26 numbers",
        ),
        (lambda c: c["config"]["layers"][0]["config"].update(units=10**5), "has shape"),
        (lambda c: c["config"]["layers"].pop(), "holds weights of 2 layers"),
        (lambda c: c.update(class_name="NoSuch"), "Unknown layer: 'NoSuch'"),
    ],
)
def test_a_configuration_that_does_not_fit_its_file(path, change, reason):
    reconfigured(path, change)
    refused(lambda: load_model(path), reason, "m.h5")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.pop("optimizer_config"), "optimizer_config"),
        (lambda c: c.update(optimizer_config=3), "optimizer"),
        (lambda c: c.update(loss="Family"), "Unknown loss function"),
        (lambda c: c.update(loss="deserialize"), "Unknown loss function"),
        (
            lambda c: c.update(loss={"class_name": "mse", "config": {"y_true": 1}}),
            "no configuration",
        ),
        (lambda c: c.update(metrics=["os.system"]), "os.system"),
        (
            lambda c: c.update(
                metrics=[{"class_name": "AUC", "config": {"num_thresholds": 10**12}}]
            ),
            "numbers",
        ),
        (
            lambda c: c.update(
                metrics=[{"class_name": "MeanIoU", "config": {"num_classes": 10**7}}]
            ),
            "numbers",
        ),
        (lambda c: c.update(loss_weights="many"), "loss_weights"),
        (lambda c: c["optimizer_config"]["config"].update(learning_rate="fast"), "learning_rate"),
        (lambda c: c["optimizer_config"]["config"].update(nosuch=1), "nosuch"),
    ],
)
def test_a_training_configuration_that_compiles_nothing(path, change, reason):
    reconfigured(path, change, "training_config")
    refused(lambda: load_model(path), reason, "m.h5", "training_config")


def test_an_optimizer_state_that_is_hostile_is_refused(path):
    with h5py.File(path, "a") as file:
        group = file["optimizer_weights"]
        name = group.attrs["weight_names"][1].decode()
        del group[name]
        group[name] = h5py.ExternalLink("other.h5", "/x")
    refused(lambda: load_model(path), "link to another place", "m.h5")


def test_an_optimizer_is_fresh_where_the_warning_says_so(path):
    model = load_model(path)
    assert any(slot.any() for slot in model.optimizer.get_weights()[1:])
    with h5py.File(path, "a") as file:
        group = file["optimizer_weights"]
        name = group.attrs["weight_names"][-1].decode()
        del group[name]
        group[name] = np.ones(7)
    with pytest.warns(UserWarning, match="starts with a fresh state"):
        model = load_model(path)
    model._make_train_function()
    assert not any(slot.any() for slot in model.optimizer.get_weights())


class Failing(Dense):
    def build(self, input_shape):
        raise RuntimeError("my own fault")


def test_errors_of_ones_own_classes_are_the_cause(path):
    reconfigured(path, lambda c: c["config"]["layers"][0].update(class_name="Failing"))
    error = refused(lambda: load_model(path, {"Failing": Failing}), "RuntimeError: my own fault")
    while error.__cause__ is not None:
        error = error.__cause__
    assert type(error) is RuntimeError


def test_tables_of_the_process_stay_after_a_failure(path):
    objects = dict(get_custom_objects())
    reconfigured(path, lambda c: c["config"]["layers"][1]["config"].update(units="x"))
    refused(lambda: load_model(path, {"Failing": Failing}), "units")
    assert get_custom_objects() == objects
    name = Dense(1).name
    with pytest.raises(ModelFileError):
        model_from_config(sequential(DENSE, layer("Nothing")))
    number = int(name.rpartition("_")[2])
    assert Dense(1).name == f"dense_{number + 1}"


class Hidden(Dense):
    """Has a weight that files do not hold."""

    def build(self, input_shape):
        super().build(input_shape)
        self.secret = self.add_weight("secret", (2,), initializer="ones", trainable=False)
        self._non_trainable_weights.remove(self.secret)


def test_weights_that_a_file_does_not_hold_get_their_first_values(tmp_path):
    model = Sequential([Hidden(2, input_shape=(3,))])
    model.save(tmp_path / "m.h5")
    loaded = load_model(tmp_path / "m.h5", {"Hidden": Hidden}, compile=False)
    assert (loaded.get_weights()[0] == model.get_weights()[0]).all()
    assert loaded.layers[0].secret.get_value().tolist() == [1, 1]


def test_no_first_values_are_drawn_for_weights_that_are_read(path):
    drawn = []

    def counted(shape, dtype=None):
        drawn.append(shape)
        return np.zeros(shape, dtype)

    change = {"kernel_initializer": "counted"}
    reconfigured(path, lambda c: c["config"]["layers"][0]["config"].update(change))
    load_model(path, {"counted": counted})
    assert drawn == []


# Names


FAMILIES = (losses, metrics, activations, initializers, regularizers, constraints, optimizers)
NO_NAMES = (
    *(
        "deserialize",
        "serialize",
        "get",
        "Any",
        "Family",
        "Names",
        "FAMILY",
        "K",
        "np",
        "namespaces",
    ),
    *("annotations", "TYPE_CHECKING", "clone_metric", "is_categorical_crossentropy", "Callable"),
    *("__builtins__", "__name__", "__doc__", "__dir__", "_norms", "_SELU_ALPHA", "Dense", "Lambda"),
    *(
        "os.system",
        "eval",
        "",
        "warnings",
        "math",
        "Sequence",
        "Mapping",
        "LossFunctionWrapper.call",
    ),
)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
@pytest.mark.parametrize("name", NO_NAMES)
def test_names_of_nothing(family, name):
    for identifier in (name, {"class_name": name, "config": {}}):
        with pytest.raises(ValueError, match="Unknown"):
            family.get(identifier)


@pytest.mark.parametrize(
    "name", [*NO_NAMES[:15], "eval", "mse", "relu", "InputSpec", "Input", "add", "_Layers"]
)
def test_names_of_no_layer(name):
    with pytest.raises(ValueError, match="Unknown layer"):
        layers.deserialize({"class_name": name, "config": {}})


@pytest.mark.parametrize("family", FAMILIES[:-1], ids=lambda family: family.__name__)
def test_names_are_those_that_a_module_lists(family):
    helpers = {"deserialize", "get", "serialize", "clone_metric", "clone_metrics"}
    helpers.add("is_categorical_crossentropy")
    of_files = {"hard_sigmoid_keras3"} if family is activations else set()
    assert set(family.FAMILY.built_in) == (set(family.__all__) - helpers) | of_files


def test_what_a_program_sets_in_a_module_has_a_name(monkeypatch):
    monkeypatch.setattr(losses, "mine", lambda y, p: y, raising=False)
    assert losses.get("mine") is losses.mine
    monkeypatch.setattr(layers, "Failing", Failing, raising=False)
    assert type(layers.deserialize({"class_name": "Failing", "config": {"units": 1}})) is Failing


def test_a_function_is_not_called_with_what_a_file_says():
    for family, name in ((activations, "relu"), (losses, "mse"), (metrics, "accuracy")):
        with pytest.raises(ValueError, match="a name alone"):
            family.get({"class_name": name, "config": {"x": 1}})
    assert regularizers.get({"class_name": "l2", "config": {"l": 0.5}}).l2 == 0.5
    mine = {"scaled": lambda factor: lambda x: factor * x}
    made = activations.deserialize({"class_name": "scaled", "config": {"factor": 3}}, mine)
    assert made(2) == 6


def test_arrays_in_arguments_are_numbers():
    value = {"type": "ndarray", "value": ["a"], "dtype": "S1000000000"}
    config = {"function": "mean", "function_type": "function", "arguments": {"by": value}}
    with pytest.raises(ValueError, match="dtype 'S1000000000', no numbers"):
        Lambda.from_config(config, {"mean": lambda x, by: x})


@pytest.mark.parametrize(
    "value", ["x" * 10**6, ["x"] * 10**6, {"class_name": "x" * 10**6, "config": {}}]
)
def test_messages_are_short_whatever_a_file_says(value):
    for family in FAMILIES:
        with pytest.raises((ValueError, TypeError)) as caught:
            family.deserialize(value)
        assert len(str(caught.value)) < 2000


# Code


def with_lambda(function):
    return Sequential([Lambda(function, input_shape=(5,))])


def forgotten(model):
    """The configuration of a model whose functions the program has no more."""
    config = {"class_name": "Sequential", "config": model.get_config()}
    return config


@pytest.mark.parametrize(
    "read",
    [
        lambda c: Sequential.from_config(c["config"]),
        model_from_config,
        layers.deserialize,
        lambda c: layers.Lambda.from_config(c["config"]["layers"][0]["config"]),
        lambda c: layers.deserialize(c["config"]["layers"][0]),
        lambda c: layers.TimeDistributed.from_config({"layer": c["config"]["layers"][0]}),
    ],
)
def test_bytecode_is_run_nowhere_unless_told(read):
    config = forgotten(with_lambda(lambda x: x + 3))
    gc.collect()
    with pytest.raises(ValueError, match=r"safe_mode_scope\(False\)"):
        read(config)
    with safe_mode_scope(False):
        assert read(config)


def test_functions_at_hand_are_copied():
    factor = object.__new__(type("Factor", (), {"value": 2.0}))
    model = with_lambda(lambda x: x * factor.value)
    again = with_lambda(lambda x: x * factor.value)
    for twin in (clone_model(model), clone_model(again)):
        np.testing.assert_allclose(twin.predict(X), 2 * X, rtol=1e-6)
    for twin in (
        copy.deepcopy(with_lambda(lambda x: x - 1)),
        pickle.loads(pickle.dumps(with_lambda(lambda x: x - 1))),
    ):
        np.testing.assert_allclose(twin.predict(X), X - 1, rtol=1e-6)


@pytest.mark.parametrize(
    "function", [3, None, [], ["AAAA"], [3, 4, 5], {"a": 1}, "os.system", "print"]
)
@pytest.mark.parametrize("kind", ["lambda", "function", "raw", "other", None, 3])
def test_lambdas_that_are_none(function, kind):
    config = {"function": function, "function_type": kind, "batch_input_shape": [None, 2]}
    for read in (model_from_config, lambda c: model_from_json(json.dumps(c))):
        refused(lambda read=read: read(sequential({"class_name": "Lambda", "config": config})))


# Writing


def test_a_device_is_written_to(path):
    before = os.stat("/dev/null")
    trained().save("/dev/null")
    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode)
    assert before.st_ino == after.st_ino
    with pytest.raises(OSError, match="No space"):
        trained().save("/dev/full")


def test_a_pipe_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    model = trained()
    model.save(pipe)
    reader.join()
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)
    assert os.listdir(tmp_path) == ["pipe"]
    loaded = load_model(io.BytesIO(read[0]))
    assert (loaded.get_weights()[0] == model.get_weights()[0]).all()


def test_a_folder_is_not_written_to(tmp_path):
    with pytest.raises(IsADirectoryError):
        trained().save(tmp_path)


def test_links_and_permissions_stay(path):
    link = path.with_name("link.h5")
    link.symlink_to("m.h5")
    path.chmod(0o640)
    trained().save(link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert load_model(link)


@pytest.mark.parametrize("name", ["a" * 252 + ".h5", "ä" * 126 + ".h5", "x [1]*?.h5"])
def test_names_as_long_as_a_file_system_takes(tmp_path, name):
    trained().save(tmp_path / name)
    assert os.listdir(tmp_path) == [name]
    assert load_model(tmp_path / name)


KILLED = """
    import os, signal, sys
    from keras_core.layers import Dense
    from keras_core.models import Sequential
    os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
    Sequential([Dense(3, input_shape=(5,))]).save(sys.argv[1])
"""


def test_what_a_kill_leaves_is_removed_by_the_next_save(path):
    folder = path.parent
    before = path.read_bytes()
    killed = [sys.executable, "-c", textwrap.dedent(KILLED), str(path)]
    assert subprocess.run(killed, check=False).returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert len(os.listdir(folder)) == 2
    trained().save(folder / "another.h5")
    assert len(os.listdir(folder)) == 3
    trained().save(path)
    assert sorted(os.listdir(folder)) == ["another.h5", "m.h5"]


def test_a_file_that_somebody_is_writing_is_no_leftover(path):
    from keras_core.saving.targets import replacing

    with replacing(path) as file:
        trained().save(path)
        file.write(b"later")
    assert path.read_bytes() == b"later"


def test_models_of_several_inputs_are_read_as_before(tmp_path):
    a, b = Input((3,)), Input((3,))
    model = Model([a, b], Dense(2)(layers.add([a, b])))
    model.save(tmp_path / "m.h5")
    loaded = load_model(tmp_path / "m.h5", compile=False)
    assert [w.shape for w in loaded.get_weights()] == [(3, 2), (2,)]
