"""ONNX files: onnxruntime gives the same numbers, and what cannot be written is refused."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest
from exported_models import MODELS, arrays_of, model_of, outputs_of

from keras_core import backend as K
from keras_core.export.errors import ExportError
from keras_core.export.onnx.model import exported, save, written
from keras_core.graph import Placeholder, evaluate
from keras_core.graph.program import Program
from keras_core.layers import GRU, LSTM, Dense, Input, Lambda, add
from keras_core.models import Model, Sequential
from keras_core.testing.cases import CASES, dtypes

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

TOLERANCE = 1e-5

# What only gradients and running products need.
NOT_WRITTEN = {"avg_pool_grad", "conv_kernel_grad", "conv_kernel_grads", "cumprod", "sum_like"}
NOT_WRITTEN |= {"dynamic_unslice", "gather_grad", "max_pool_grad", "max_pool_select", "unslice"}
# What several processes need, of which a file knows nothing.
NOT_WRITTEN |= {"all_reduce"}
KIT = [case for case in CASES if case not in dtypes.CASES]


def run(data, arrays):
    """What onnxruntime computes from the inputs, in order."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [x.name for x in session.get_inputs()]
    return session.run(None, dict(zip(names, arrays)))


def encoded(block):
    from keras_core.export.onnx.proto import encoded

    return encoded(block)


def assert_equal(found, wanted, tolerance=TOLERANCE):
    assert [x.shape for x in found] == [x.shape for x in wanted]
    assert [x.dtype for x in found] == [x.dtype for x in wanted]
    for a, b in zip(found, wanted):
        np.testing.assert_allclose(
            a, b, rtol=0, atol=tolerance * max(1, np.abs(np.nan_to_num(b, posinf=0)).max(initial=0))
        )


@pytest.mark.parametrize("name", MODELS)
def test_onnxruntime_predicts_the_same_for_batches_of_any_size(name):
    model = model_of(name)
    data = encoded(exported(model))
    for rows in (1, 5):
        arrays = arrays_of(model, rows)
        assert_equal(run(data, arrays), outputs_of(model, arrays))


@pytest.mark.parametrize("size", [5, 6, 7, 8])
def test_images_of_any_size(size):
    model = model_of("fully_convolutional")
    arrays = arrays_of(model, 2, size)
    assert_equal(run(encoded(exported(model)), arrays), outputs_of(model, arrays))


# Primitives: the cases of the conformance kit


def program_of(case, arrays, unknown):
    xs = [Placeholder(i.static(a.shape, unknown), i.dtype) for i, a in zip(case.inputs, arrays)]
    ys = case.subject(*xs, **case.params)
    return Program(xs, ys if isinstance(ys, (tuple, list)) else (ys,))


def export_of(program):
    inputs = [f"x{i}" for i in range(len(program.inputs))]
    return written(program, "case", inputs, [f"y{i}" for i in range(len(program.outputs))])


@pytest.mark.parametrize(
    "case", [c for c in KIT if c.primitive not in NOT_WRITTEN], ids=lambda case: case.name
)
def test_primitive_means_the_same_there(case):
    for unknown in (False, True) if case.unknown else (False,):
        arrays = case.arrays()
        program = program_of(case, arrays, unknown)
        wanted = evaluate(program.outputs, dict(zip(program.inputs, arrays)))
        found = run(encoded(export_of(program)), arrays)
        assert_equal(found, wanted, max(case.tolerance, TOLERANCE))


@pytest.mark.parametrize(
    "case", [c for c in KIT if c.primitive in NOT_WRITTEN], ids=lambda case: case.name
)
def test_primitive_of_gradients_is_refused_by_name(case):
    program = program_of(case, case.arrays(), case.unknown)
    with pytest.raises(ExportError, match=f"its {case.primitive.rstrip('s')} has no counterpart"):
        export_of(program)


@pytest.mark.parametrize("case", dtypes.CASES, ids=lambda case: case.name)
def test_dtype_is_written_or_refused(case):
    try:
        encoded(export_of(program_of(case, case.arrays(), False)))
    except ExportError as error:
        assert "int" in str(error)


# Loops


def kinds(model):
    return Counter(operation.kind for operation in exported(model).block.operations)


@pytest.mark.parametrize("options", [{}, {"dropout": 0.1, "recurrent_dropout": 0.2}], ids=str)
@pytest.mark.parametrize("implementation", [1, 2])
@pytest.mark.parametrize("gate", ["sigmoid", "hard_sigmoid"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "linear"])
@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_common_layers_are_operations_of_their_own(kind, activation, gate, implementation, options):
    x = Input((None, 4))
    layer = kind(
        3,
        activation=activation,
        recurrent_activation=gate,
        implementation=implementation,
        **options,
    )
    found = kinds(Model(x, layer(x)))
    assert (found[kind.__name__], found["Scan"]) == (1, 0)


def test_other_steps_are_scans():
    assert kinds(model_of("lstm_other"))["Scan"] == 1
    assert kinds(model_of("masked_lstm"))["Scan"] == 1
    assert kinds(model_of("conv_lstm"))["Scan"] == 1


def test_looking_for_a_known_step_draws_no_random_numbers():
    model = model_of("lstm_dropout")
    np.random.seed(3)
    exported(model)
    drawn = np.random.rand()
    np.random.seed(3)
    assert drawn == np.random.rand()


# The file


def siamese():
    a, b = Input((3,), name="a"), Input((3,), name="b")
    shared = Dense(2, name="shared")
    return Model([a, b], [add([shared(a), shared(b)], name="sum"), a])


def shape_of(value):
    return [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]


def test_names_are_those_of_layers_and_weights_and_the_batch_has_one_name():
    proto = onnx.load_model_from_string(encoded(exported(siamese())))
    inputs, outputs = proto.graph.input, proto.graph.output
    assert [(x.name, shape_of(x)) for x in inputs] == [("a", ["batch", 3]), ("b", ["batch", 3])]
    assert [(x.name, shape_of(x)) for x in outputs] == [
        ("sum", ["batch", 2]),
        ("a_output", ["batch", 3]),
    ]
    assert {x.name for x in proto.graph.initializer} >= {"shared/kernel", "shared/bias"}
    assert proto.opset_import[0].version >= 17


def test_weights_stand_in_the_file_once_in_the_form_that_is_read():
    proto = onnx.load_model_from_string(encoded(exported(model_of("conv_2d"))))
    (kernel,) = [x for x in proto.graph.initializer if "kernel" in x.name]
    assert list(kernel.dims) == [3, 4, 3, 2]


def test_unknown_sizes_of_inputs_have_names():
    x = Input((None, 4), name="words")
    proto = onnx.load_model_from_string(encoded(exported(Model(x, Dense(2, name="d")(x)))))
    assert shape_of(proto.graph.output[0]) == ["batch", "words_axis_1", 2]


# Refusals


def noisy():
    x = Input((3,))
    return Model(x, Lambda(lambda x: x + K.random_normal(K.shape(x)), name="noisy")(x))


def running():
    x = Input((3,))
    return Model(x, Lambda(K.cumprod, name="running")(x))


def keeping():
    return Sequential([LSTM(2, stateful=True, batch_input_shape=(2, 3, 4), name="keeping")])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (noisy, "'noisy'.*random_normal draws random numbers"),
        (running, "'running'.*cumprod has no counterpart"),
        (keeping, "'keeping'.*keeps a state.*stateful=False"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_file_is_touched(tmp_path, make, told):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"before")
    with pytest.raises(ExportError, match=told):
        save(make(), path)
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_a_model_without_inputs_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has not met its inputs"):
        save(Sequential([Dense(2)]), tmp_path / "model.onnx")


def test_without_onnx_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-core\[onnx\]"):
        save(model_of("mlp"), tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
