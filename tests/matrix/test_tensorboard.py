"""Event files of the TensorBoard callback, read by TensorBoard's own reader."""

from __future__ import annotations

import io

import numpy as np
import pytest

from keras_core.callbacks import TensorBoard, tensorboard_v2
from keras_core.callbacks.event_files import EventWriter, histogram, image, scalar
from keras_core.layers import Dense, Embedding, Flatten, Input
from keras_core.models import Model, Sequential

text_format = pytest.importorskip("google.protobuf.text_format")
event_accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator", exc_type=ImportError
)
Image = pytest.importorskip("PIL.Image")

X = np.random.RandomState(0).uniform(size=(20, 4)).astype("float32")
Y = X @ np.array([[1.0], [-1.0], [2.0], [0.0]], "float32")


def small_model():
    entry = Input((4,), name="entry")
    model = Model(entry, Dense(1, name="last")(Dense(3, activation="tanh", name="first")(entry)))
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def fitted(folder, epochs=3, **options):
    model = small_model()
    callback = TensorBoard(str(folder), **options)
    arguments = {"batch_size": 5, "epochs": epochs, "verbose": 0, "callbacks": [callback]}
    history = model.fit(X, Y, validation_data=(X, Y), **arguments)
    return model, history.history, read(folder)


def read(folder):
    reader = event_accumulator.EventAccumulator(str(folder), {"images": 0, "histograms": 0})
    return reader.Reload()


def test_scalars_are_those_of_the_history(tmp_path):
    _, history, reader = fitted(tmp_path)
    assert set(reader.Tags()["scalars"]) == set(history) == {"loss", "mae", "val_loss", "val_mae"}
    for name, values in history.items():
        events = reader.Scalars(name)
        assert [event.step for event in events] == [0, 1, 2]
        np.testing.assert_allclose([event.value for event in events], values, rtol=1e-6)


@pytest.mark.parametrize(
    ("update_freq", "steps"), [("batch", [5, 10, 15, 20, 20]), (10, [10, 20, 20])]
)
def test_batches_are_written_after_so_many_samples(tmp_path, update_freq, steps):
    _, _, reader = fitted(tmp_path, epochs=1, update_freq=update_freq)
    assert [event.step for event in reader.Scalars("loss")] == steps


def test_batches_may_run_together_unless_they_are_watched():
    from keras_core.callbacks.base import watches_batches

    assert not watches_batches(TensorBoard(), "train")
    assert watches_batches(TensorBoard(update_freq="batch"), "train")


def test_histograms_of_weights_outputs_and_gradients(tmp_path):
    model, _, reader = fitted(tmp_path, epochs=1, histogram_freq=1, write_grads=True)
    tags = set(reader.Tags()["histograms"])
    assert tags == {
        *("first/kernel_0", "first/bias_0", "last/kernel_0", "last/bias_0"),
        *("first/kernel_0_grad", "first/bias_0_grad", "last/kernel_0_grad", "last/bias_0_grad"),
        *("first_out", "last_out"),
    }
    (event,) = reader.Histograms("last_out")
    found, expected = event.histogram_value, model.predict(X)
    assert (found.num, sum(found.bucket)) == (20, 20)
    np.testing.assert_allclose((found.min, found.max), (expected.min(), expected.max()), rtol=1e-6)
    np.testing.assert_allclose(found.sum, expected.sum(), rtol=1e-5)
    (event,) = reader.Histograms("last/bias_0_grad")
    np.testing.assert_allclose(event.histogram_value.sum, 2 * (expected - Y).mean(), rtol=1e-4)


def test_a_histogram_counts_elements_below_its_limits(tmp_path):
    writer = EventWriter(tmp_path)
    writer.add(7, [histogram("h", [0.0, 1.0, 1.0, 3.0, np.nan], buckets=3)])
    (event,) = read(tmp_path).Histograms("h")
    value = event.histogram_value
    assert (event.step, value.bucket_limit, value.bucket) == (7, [1.0, 2.0, 3.0], [1, 2, 1])
    assert value.sum_squares == 11


def test_weights_as_pictures(tmp_path):
    model, _, reader = fitted(tmp_path, epochs=1, histogram_freq=1, write_images=True)
    (event,) = reader.Images("first/kernel_0/0")
    pixels = np.asarray(Image.open(io.BytesIO(event.encoded_image_string)))
    kernel = model.get_weights()[0]
    stretched = (kernel - kernel.min()) / np.ptp(kernel) * 255
    assert (event.height, event.width) == (4, 3)
    np.testing.assert_allclose(pixels, stretched, atol=0.51)


def test_a_picture_in_colors(tmp_path):
    values = np.arange(24).reshape(2, 4, 3) * 255 / 23
    writer = EventWriter(tmp_path)
    writer.add(0, [image("i", values), scalar("s", -2.5)])
    reader = read(tmp_path)
    pixels = np.asarray(Image.open(io.BytesIO(reader.Images("i")[0].encoded_image_string)))
    np.testing.assert_array_equal(pixels, np.round(values))
    assert reader.Scalars("s")[0].value == -2.5


def test_the_graph_has_the_layers_and_their_inputs(tmp_path):
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    _, _, reader = fitted(tmp_path, epochs=1)
    graph = reader.Graph()
    assert isinstance(graph, GraphDef)
    nodes = {node.name: (node.op, list(node.input)) for node in graph.node}
    assert nodes == {
        "entry": ("InputLayer", []),
        "first": ("Dense", ["entry"]),
        "last": ("Dense", ["first"]),
    }


def test_histograms_need_validation_arrays(tmp_path):
    callback = TensorBoard(str(tmp_path), histogram_freq=1)
    with pytest.raises(ValueError, match="validation_data"):
        small_model().fit(X, Y, verbose=0, callbacks=[callback])


def test_embeddings_for_the_projector(tmp_path):
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    words = np.array([[0, 2], [1, 1], [2, 0]])
    model = Sequential([Embedding(3, 2, input_length=2, name="words"), Flatten(), Dense(1)])
    model.compile("sgd", "mse")
    options = {"embeddings_freq": 1, "embeddings_data": words, "embeddings_metadata": "labels.tsv"}
    callback = TensorBoard(str(tmp_path), **options)
    model.fit(words, np.zeros(3), verbose=0, callbacks=[callback])
    config = ProjectorConfig()
    text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), config)
    (entry,) = config.embeddings
    assert (entry.tensor_name, entry.metadata_path) == ("words", "labels.tsv")
    table = np.loadtxt(tmp_path / entry.tensor_path, delimiter="\t")
    np.testing.assert_allclose(table, model.get_weights()[0][words].reshape(3, 4), rtol=1e-6)


def test_embeddings_need_data(tmp_path):
    with pytest.raises(ValueError, match="embeddings_data"):
        TensorBoard(str(tmp_path), embeddings_freq=1).set_model(small_model())


def test_the_other_signature_refuses_unknown_keywords():
    assert tensorboard_v2.TensorBoard("logs").batch_size == 32
    with pytest.raises(TypeError, match="profile_batch"):
        tensorboard_v2.TensorBoard("logs", profile_batch=2)
