"""The architectures of `applications` against tables and predictions of Keras 2.3.1."""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from keras_core import applications, models
from keras_core import backend as K
from keras_core import layers as L
from keras_core.applications import imagenet_utils
from keras_core.plugins import current_backend

DATA = Path(__file__).parent.parent / "data" / "keras_2_3_1" / "applications"
TABLES = json.loads((DATA / "tables.json").read_text())

# What engines compile in seconds. The others take them minutes, and are tried on NumPy.
SMALL = ["MobileNet", "VGG16"]
PREDICTED = [*SMALL, "MobileNetV2", "DenseNet121", "ResNet50", "ResNet50V2", "NASNetMobile"]
PREDICTED += ["Xception", "InceptionV3", "InceptionResNetV2"]


def leave_to_numpy(name):
    if current_backend().name != "numpy" and name not in SMALL:
        pytest.skip("this is tried on NumPy, which needs no minutes to compile it")


def architecture(name):
    # keras.applications.ResNet50 is the first ResNet50; the tables are of the family's.
    home = applications.resnet if name == "ResNet50" else applications
    return getattr(home, name)


def table(model):
    inbound = {
        layer["config"]["name"]: [node[0] for node in (layer["inbound_nodes"] or [[]])[0]]
        for layer in model.get_config()["layers"]
    }
    place = {layer.name: index for index, layer in enumerate(model.layers)}
    return [
        [
            type(layer).__name__,
            list(layer.output_shape),
            layer.count_params(),
            [place[name] for name in inbound[layer.name]],
        ]
        for layer in model.layers
    ]


def check_table(model, expected):
    assert model.count_params() == expected["parameters"]
    assert len(model.layers) == expected["layers"]
    digest = hashlib.sha256(json.dumps(table(model)).encode()).hexdigest()
    assert digest[:16] == expected["digest"]


def without_top(name):
    shape = tuple(TABLES[name]["no_top"]["input_shape"][1:])
    return architecture(name)(weights=None, include_top=False, input_shape=shape, pooling="avg")


@pytest.mark.parametrize("name", TABLES)
def test_layers_are_those_of_keras_2(name):
    leave_to_numpy(name)
    check_table(architecture(name)(weights=None), TABLES[name]["include_top"])
    if "no_top" in TABLES[name]:
        check_table(without_top(name), TABLES[name]["no_top"])


def ruled_weights(model):
    """The weight at place i, drawn from seed 1000 + i, in a range that keeps activations alive."""
    for place, weight in enumerate(weight for layer in model.layers for weight in layer.weights):
        shape = K.int_shape(weight)
        drawn = np.random.RandomState(1000 + place).uniform(-1, 1, shape)
        if "gamma" in weight.name or "moving_variance" in weight.name:
            yield 0.5 + np.abs(drawn)
        elif "beta" in weight.name or "moving_mean" in weight.name:
            yield 0.1 * drawn
        else:
            yield drawn * np.sqrt(3.0 / max(1, np.prod(shape[:-1], dtype=int)))


@pytest.mark.parametrize("name", PREDICTED)
def test_predictions_are_those_of_keras_2(name):
    leave_to_numpy(name)
    model = without_top(name)
    ruled = [value.astype("float32") for value in ruled_weights(model)]
    weights = [weight for layer in model.layers for weight in layer.weights]
    K.batch_set_value(list(zip(weights, ruled)))
    pictures = np.random.RandomState(7).uniform(-1, 1, (2, *model.input_shape[1:]))
    expected = np.load(DATA / "predictions.npz")[name]
    # Hundreds of layers of float32 roundings.
    atol = 1e-3 * max(1, np.abs(expected).max())
    np.testing.assert_allclose(model.predict(pictures.astype("float32")), expected, 0, atol)


def test_the_package_has_the_first_resnet50_as_keras_2_does():
    assert applications.ResNet50 is applications.resnet50.ResNet50
    names = [layer.name for layer in applications.ResNet50(weights=None).layers]
    assert names[2] == "conv1" and names[-1] == "fc1000"


@pytest.mark.parametrize(
    "name, arguments, size",
    [
        ("VGG16", {}, 32),
        ("ResNet50", {}, 32),
        ("ResNet50V2", {}, 32),
        ("InceptionV3", {}, 75),
        ("InceptionResNetV2", {}, 75),
        ("Xception", {}, 71),
        ("MobileNet", {}, 32),
        ("MobileNetV2", {}, 32),
        ("DenseNet121", {}, 32),
        ("NASNetMobile", {}, 32),
    ],
)
def test_pictures_have_a_least_size(name, arguments, size):
    leave_to_numpy(name)
    make = architecture(name)
    assert make(weights=None, include_top=False, input_shape=(size, size, 3), **arguments)
    with pytest.raises(ValueError, match=f"{size} x {size}.*{size - 1}, {size - 1}, 3"):
        make(weights=None, include_top=False, input_shape=(size - 1, size - 1, 3))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"weights": "nowhere.h5"}, "no file 'nowhere.h5'"),
        ({"weights": "imagenet", "classes": 10}, "1000 classes, but classes=10"),
        (
            {"weights": "imagenet", "input_shape": (64, 64, 3)},
            r"\(224, 224, 3\), not \(64, 64, 3\)",
        ),
        ({"weights": None, "input_shape": (None, None, 3)}, "include_top=False"),
        ({"weights": None, "input_shape": (64, 64)}, r"three integers.*\(64, 64\)"),
        ({"weights": None, "include_top": False, "pooling": "sum"}, "'avg' or 'max', not 'sum'"),
        (
            {"weights": "imagenet", "include_top": False, "input_shape": (64, 64, 1)},
            "3 channels",
        ),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        applications.VGG16(**arguments)


@pytest.mark.parametrize("arguments", [{"alpha": 0.3}, {"depth_multiplier": 2}])
def test_no_weights_are_published_for_other_widths(arguments):
    with pytest.raises(ValueError, match="weights are published for alpha in"):
        applications.MobileNet(**arguments)
    assert applications.MobileNet(weights=None, **arguments)


def test_unknown_arguments_are_refused_and_those_of_keras_applications_taken():
    with pytest.raises(TypeError, match="'shape'"):
        applications.VGG16(weights=None, shape=(64, 64, 3))
    assert applications.VGG16(weights=None, include_top=False, backend=K, layers=L)


def test_five_channels_warn():
    with pytest.warns(UserWarning, match="5 channels"):
        applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 5))


def test_models_are_named_as_in_keras_2():
    options = {"weights": None, "include_top": False}
    assert applications.MobileNet(**options).name == "mobilenet_1.00_None"
    assert applications.MobileNetV2(alpha=1.3, **options).name == "mobilenetv2_1.30_None"
    assert applications.MobileNet(weights=None, input_shape=(160, 160, 3)).name == (
        "mobilenet_1.00_160"
    )
    assert applications.NASNetMobile(**options).name == "NASNet"
    assert applications.DenseNet121(**options).name == "densenet121"


def test_an_input_tensor_may_come_out_of_other_layers():
    inputs = L.Input((64, 64, 1))
    colored = L.Conv2D(3, 1)(inputs)
    model = applications.VGG16(weights=None, include_top=False, input_tensor=colored)
    assert model.inputs[0] is inputs
    assert len(model.layers) == 20
    assert model.output_shape == (None, 2, 2, 512)


def test_channels_first_gives_the_same_features(tmp_path):
    options = {"weights": None, "include_top": False, "pooling": "avg", "alpha": 0.25}
    last = applications.MobileNet((32, 32, 3), **options)
    last.save_weights(tmp_path / "weights.h5")
    pictures = np.random.RandomState(0).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    expected = last.predict(pictures)
    K.set_image_data_format("channels_first")
    try:
        options["weights"] = str(tmp_path / "weights.h5")
        first = applications.MobileNet((3, 32, 32), **options)
    finally:
        K.set_image_data_format("channels_last")
    got = first.predict(np.moveaxis(pictures, -1, 1))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_weights_come_from_the_cache_of_keras(tmp_path, monkeypatch):
    asked = []
    path = tmp_path / "weights.h5"
    applications.MobileNet((128, 128, 3), alpha=0.25, weights=None).save_weights(path)

    def get_file(fname, origin, **options):
        asked.append((fname, origin, options))
        return str(path)

    request = importlib.import_module("keras_core.applications._request")
    monkeypatch.setattr(request, "get_file", get_file)
    applications.MobileNet((128, 128, 3), alpha=0.25)
    [(name, origin, options)] = asked
    assert name == "mobilenet_2_5_128_tf.h5"
    assert origin.endswith("/deep-learning-models/releases/download/v0.6/mobilenet_2_5_128_tf.h5")
    assert options["cache_subdir"] == "models"


def test_weights_for_another_size_are_taken_with_a_warning(tmp_path, monkeypatch):
    path = tmp_path / "weights.h5"
    options = {"input_shape": (100, 100, 3), "alpha": 0.25, "include_top": False}
    applications.MobileNet(weights=None, **options).save_weights(path)
    request = importlib.import_module("keras_core.applications._request")
    monkeypatch.setattr(request, "get_file", lambda name, *_, **__: str(path))
    with pytest.warns(UserWarning, match=r"\(100, 100, 3\). Those for 224 pixels"):
        applications.MobileNet(**options)


def test_a_saved_inception_resnet_comes_back(tmp_path):
    leave_to_numpy("InceptionResNetV2")
    model = without_top("InceptionResNetV2")
    model.save(tmp_path / "model.h5")
    pictures = np.random.RandomState(0).uniform(-1, 1, (1, 75, 75, 3)).astype("float32")
    again = models.load_model(tmp_path / "model.h5", compile=False)
    np.testing.assert_allclose(again.predict(pictures), model.predict(pictures), rtol=1e-5)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("rank", [3, 4])
def test_pictures_are_scaled(mode, data_format, rank):
    pictures = np.random.RandomState(0).uniform(0, 255, (2, 4, 5, 3)[4 - rank :])
    red, green, blue = np.moveaxis(pictures, -1, 0)
    expected = {
        "caffe": [blue - 103.939, green - 116.779, red - 123.68],
        "tf": [red / 127.5 - 1, green / 127.5 - 1, blue / 127.5 - 1],
        "torch": [
            (red / 255 - 0.485) / 0.229,
            (green / 255 - 0.456) / 0.224,
            (blue / 255 - 0.406) / 0.225,
        ],
    }[mode]
    axis = -3 if data_format == "channels_first" else -1
    given = np.moveaxis(pictures, -1, axis)
    before = given.copy()
    expected = np.stack(expected, axis)
    got = imagenet_utils.preprocess_input(given, data_format, mode)
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-9)
    np.testing.assert_array_equal(given, before)
    tensor = imagenet_utils.preprocess_input(K.constant(given), data_format, mode)
    np.testing.assert_allclose(K.eval(tensor), expected, rtol=1e-4, atol=1e-4)


def test_whole_numbers_become_floats():
    pictures = np.full((1, 2, 2, 3), 255, "uint8")
    scaled = applications.mobilenet.preprocess_input(pictures)
    assert scaled.dtype == "float32"
    np.testing.assert_array_equal(scaled, np.ones((1, 2, 2, 3)))


@pytest.mark.parametrize(
    "module, mode",
    [
        ("vgg16", "caffe"),
        ("resnet50", "caffe"),
        ("resnet", "caffe"),
        ("resnet_v2", "tf"),
        ("inception_v3", "tf"),
        ("inception_resnet_v2", "tf"),
        ("xception", "tf"),
        ("mobilenet", "tf"),
        ("mobilenet_v2", "tf"),
        ("nasnet", "tf"),
        ("densenet", "torch"),
    ],
)
def test_each_family_scales_as_its_weights_want(module, mode):
    pictures = np.random.RandomState(0).uniform(0, 255, (1, 3, 3, 3))
    got = getattr(applications, module).preprocess_input(pictures)
    np.testing.assert_array_equal(got, imagenet_utils.preprocess_input(pictures, mode=mode))


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'caffe'"):
        imagenet_utils.preprocess_input(np.zeros((1, 2, 2, 3)), mode="cafe")


def test_predictions_are_named(tmp_path, monkeypatch):
    index = {str(place): [f"n{place:08}", f"class {place}"] for place in range(1000)}
    path = tmp_path / "imagenet_class_index.json"
    path.write_text(json.dumps(index))
    monkeypatch.setattr(imagenet_utils, "get_file", lambda *_, **__: str(path))
    imagenet_utils._classes.forget()
    predictions = np.zeros((2, 1000))
    predictions[0, [7, 3, 999]] = 0.5, 0.3, 0.2
    predictions[1, 0] = 1
    first, second = imagenet_utils.decode_predictions(predictions, top=3)
    imagenet_utils._classes.forget()
    assert first == [
        ("n00000007", "class 7", 0.5),
        ("n00000003", "class 3", 0.3),
        ("n00000999", "class 999", 0.2),
    ]
    assert second[0] == ("n00000000", "class 0", 1.0)


def test_only_whole_rows_of_classes_are_named():
    with pytest.raises(ValueError, match=r"\(samples, 1000\).*\(2, 10\)"):
        imagenet_utils.decode_predictions(np.zeros((2, 10)))
