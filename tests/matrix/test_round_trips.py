"""Each layer that Keras 2.3.1 computed numbers for, through each format and back: its numbers."""

from __future__ import annotations

import numpy as np
import pytest

from keras_core import backend as K
from keras_core.export.errors import ExportError
from keras_core.models import Model, load_model, model_from_json, model_from_yaml
from keras_core.testing.golden import golden_cases
from keras_core.testing.golden.replay_layers import TOLERANCE, Replay, SetMask
from keras_core.utils import CustomObjectScope

pytestmark = pytest.mark.filterwarnings("ignore:.*has no training configuration")

CASES = {case.record["id"]: case for case in golden_cases("layers")}

# What TensorFlow.js lacks of a layer, in the words of the refusal.
_FIRST, _PADDING = "data_format is always 'channels_last'", "output_padding is always None"
REFUSED = {
    "ReLU-005": "negative_slope is always 0.0",
    "Conv1D-012": _FIRST,
    "Conv2DTranspose-014": _PADDING,
    "Conv2DTranspose-015": _PADDING,
    "Conv2DTranspose-016": "dilation_rate is always",
    "SeparableConv2D-007": _FIRST,
    "ConvLSTM2D-013": "it takes no initial_state",
    "GRU-022": "are one tensor",
    "GRU-036": "reset_after is always False",
}
_ABSENT = {"SeparableConv1D", "UpSampling1D", "UpSampling3D", "ZeroPadding1D", "ZeroPadding3D"}
_ABSENT |= {"Cropping1D", "Cropping3D", "ActivityRegularization", "Subtract"}
_ABSENT |= {"LocallyConnected1D", "LocallyConnected2D"}
_ABSENT |= {"GlobalMaxPooling3D", "GlobalAveragePooling3D"}


def as_whole(ending):
    def there_and_back(model, folder):
        path = folder / f"model{ending}"
        model.save(path)
        return load_model(path)

    return there_and_back


def as_text(write, read):
    def there_and_back(model, folder):
        model.save_weights(folder / "weights.h5")
        loaded = read(write(model))
        loaded.load_weights(folder / "weights.h5")
        return loaded

    return there_and_back


FORMATS = {
    "hdf5": as_whole(".h5"),
    "keras": as_whole(".keras"),
    "json": as_text(Model.to_json, model_from_json),
    "yaml": as_text(Model.to_yaml, model_from_yaml),
    "tensorflowjs": as_whole(".tfjs"),
}


def missing_in_tensorflowjs(case):
    """Why TensorFlow.js cannot have a case; None where it has it."""
    if any(mask is not None for mask in case.record.get("masks") or ()):
        return "no layer SetMask"
    kind = case.record["class"]
    return f"no layer {kind}" if kind in _ABSENT else REFUSED.get(case.record["id"])


def model_and_values(case):
    replay = Replay(case)
    outputs = replay.outputs if len(replay.outputs) > 1 else replay.outputs[0]
    return Model(replay.feeds, outputs), replay.values


def outputs_of(model, values):
    return K.function([*model.inputs, K.learning_phase()], model.outputs)([*values, 0])


def assert_recorded(case, found):
    tolerance = case.record.get("tolerance", TOLERANCE)
    assert len(found) == len(case["outputs"])
    for array, wanted in zip(found, case["outputs"]):
        assert array.shape == wanted.shape
        assert np.abs(array - wanted).max(initial=0) <= tolerance * max(
            1, np.abs(wanted).max(initial=0)
        )


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_layer_comes_back_as_it_was(tmp_path, form, name):
    case = CASES[name]
    model, values = model_and_values(case)
    missing = missing_in_tensorflowjs(case) if form == "tensorflowjs" else None
    with CustomObjectScope({"SetMask": SetMask}):
        if missing is not None:
            with pytest.raises(ExportError, match=missing):
                FORMATS[form](model, tmp_path)
            return
        loaded = FORMATS[form](model, tmp_path)
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert_recorded(case, outputs_of(loaded, values))


@pytest.mark.parametrize("name", CASES)
def test_a_layer_is_the_same_in_onnx(tmp_path, name):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    case = CASES[name]
    model, values = model_and_values(case)
    path = tmp_path / "model.onnx"
    if any(getattr(layer, "stateful", False) for layer in model.layers):
        with pytest.raises(ExportError, match="keeps a state"):
            model.save(path)
        return
    model.save(path)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    fed = {x.name: np.asarray(value) for x, value in zip(session.get_inputs(), values)}
    assert_recorded(case, session.run(None, fed))
