"""The callback that writes what TensorBoard shows, with NumPy alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core.callbacks.base import Callback, Logs, ignore
from keras_core.callbacks.event_files import EventWriter, GraphNode, histogram, image, scalar

_NOT_SHOWN = ("batch", "size", "num_steps")


class TensorBoard(Callback):
    """Writes losses, metrics, weights and activations for TensorBoard: `tensorboard --logdir=logs`.

    Args:
        log_dir: folder of the event files.
        histogram_freq: every so many epochs, histograms of weights and of the layers' outputs for
            validation data; 0 for none. Needs `validation_data` that are arrays.
        batch_size: number of validation samples of which outputs and gradients are shown.
        write_graph: whether to write the graph of the layers.
        write_grads: whether the histograms are of the loss's gradients, too.
        write_images: whether weights are shown as pictures with the histograms.
        embeddings_freq: every so many epochs, what layers make of `embeddings_data`; 0 for never.
        embeddings_layer_names: names of these layers; all Embedding layers by default.
        embeddings_metadata: file of labels, or dict from layer names to files.
        embeddings_data: input arrays for the embeddings.
        update_freq: `'epoch'`, `'batch'`, or a number of samples after which losses and metrics of
            a batch are written. Writing often slows training.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.zeros((4, 1)), np.zeros((4, 1))
        >>> _ = model.fit(x, y, verbose=0, callbacks=[callbacks.TensorBoard("logs")])
        >>> import os
        >>> os.listdir("logs")[0].startswith("events.out.tfevents")
        True
    """

    _kept = ("samples_seen", "samples_seen_at_last_write")

    writes = True

    def __init__(
        self,
        log_dir: str = "./logs",
        histogram_freq: int = 0,
        batch_size: int = 32,
        write_graph: bool = True,
        write_grads: bool = False,
        write_images: bool = False,
        embeddings_freq: int = 0,
        embeddings_layer_names: Any = None,
        embeddings_metadata: Any = None,
        embeddings_data: Any = None,
        update_freq: Any = "epoch",
    ) -> None:
        super().__init__()
        self.log_dir = log_dir
        self.histogram_freq = histogram_freq
        self.batch_size = batch_size
        self.write_graph = write_graph
        self.write_grads = write_grads
        self.write_images = write_images
        self.embeddings_freq = embeddings_freq
        self.embeddings_layer_names = embeddings_layer_names
        self.embeddings_metadata: Any = embeddings_metadata or {}
        self.embeddings_data = embeddings_data
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.samples_seen: int = 0
        self.samples_seen_at_last_write: int = 0
        self.writer: EventWriter | None = None
        # Where Keras 2 has its summary of all tensors; here they are written one by one.
        self.merged: Any = None
        self._probe: Any = None
        if update_freq == "epoch":
            # Nobody watches batches then, so that several may run at once.
            self.on_batch_end = ignore  # type: ignore[method-assign, assignment]

    def set_model(self, model: Any) -> None:
        """Takes the model, begins a file and writes the graph.

        Raises:
            ValueError: embeddings are to be shown, but of no data.
        """
        super().set_model(model)
        if self.embeddings_freq and self.embeddings_data is None:
            raise ValueError("TensorBoard: embeddings_freq was given; give embeddings_data, too.")
        self.writer = EventWriter(self.log_dir)
        if self.write_graph and model._is_graph_network:
            self.writer.add_graph(_graph_nodes(model))
        if self.embeddings_freq:
            self._write_projector_config()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Starts to count samples."""
        self.samples_seen = self.samples_seen_at_last_write = 0

    def on_train_end(self, _: Logs | None) -> None:  # type: ignore[override]
        """Has nothing to do: what was written can be read at once."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Writes the values of a batch when it is time."""
        logs = logs or {}
        self.samples_seen += logs.get("size", 1)
        if self.samples_seen - self.samples_seen_at_last_write >= self.update_freq:
            self._write_scalars(self.samples_seen, logs)
            self.samples_seen_at_last_write = self.samples_seen

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Writes the values of an epoch, and whatever else it is time for.

        Raises:
            ValueError: histograms are to be shown, but there are no validation arrays.
        """
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._check_validation_data()
            self._writer.add(epoch, self._distributions())
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()
        step = epoch if self.update_freq == "epoch" else self.samples_seen
        self._write_scalars(step, logs or {})

    @property
    def _writer(self) -> EventWriter:
        assert self.writer is not None, "TensorBoard is used by fit, which calls set_model first."
        return self.writer

    def _write_scalars(self, step: int, logs: Mapping[str, Any]) -> None:
        shown = [scalar(name, x) for name, x in logs.items() if name not in _NOT_SHOWN]
        self._writer.add(step, shown)

    # Histograms

    def _check_validation_data(self) -> None:
        if not self.validation_data:
            raise ValueError(
                "TensorBoard: histogram_freq was given, but fit has no validation arrays to show "
                "outputs of. Give validation_data (no generator), or histogram_freq=0."
            )

    def _distributions(self) -> Iterator[bytes]:
        for weight in self.model.weights:
            value, tag = weight.get_value(), weight.name.replace(":", "_")
            yield histogram(tag, value)
            if self.write_images:
                yield from _pictures(tag, value)
        if self._probe is None:
            self._probe = self._make_probe()
        tags, function = self._probe
        count = function.arity - 1
        arrays = [x[: self.batch_size] for x in self.validation_data[:count]]
        for tag, value in zip(tags, function([*arrays, 0])):
            yield histogram(tag, value)

    def _make_probe(self) -> tuple[list[str], Any]:
        """Tags and a function of validation arrays for outputs of layers, and for gradients."""
        model = self.model
        shown = dict(_outputs_of_layers(model))
        if self.write_grads:
            weights = model.trainable_weights
            gradients = zip(weights, K.gradients(model.total_loss, weights))
            shown.update((f"{w.name.replace(':', '_')}_grad", g) for w, g in gradients)
        found = {tag: tensor for tag, tensor in shown.items() if tensor is not None}
        inputs = [*model._training_feed.placeholders(weighted=True), K.learning_phase()]
        return list(found), K.function(inputs, list(found.values()), name="TensorBoard")

    # Embeddings, in the form of the projector: tables of text and a file that lists them

    def _embedding_layers(self) -> list[Any]:
        names = self.embeddings_layer_names
        if names:
            return [self.model.get_layer(name) for name in names]
        return [x for x in self.model.layers if type(x).__name__ == "Embedding"]

    def _write_projector_config(self) -> None:
        lines = []
        for layer in self._embedding_layers():
            labels = self.embeddings_metadata
            labels = labels.get(layer.name) if isinstance(labels, Mapping) else labels
            lines += ["embeddings {", f'  tensor_name: "{layer.name}"']
            lines += [f'  tensor_path: "{_table_name(layer)}"']
            lines += [f'  metadata_path: "{labels}"'] if labels else []
            lines += ["}"]
        path = Path(self.log_dir) / "projector_config.pbtxt"
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")

    def _write_embeddings(self) -> None:
        layers = self._embedding_layers()
        arrays = self.model._input_arrays(self.embeddings_data)
        outputs = [layer.get_output_at(0) for layer in layers]
        inputs = [*self.model._feed_inputs, K.learning_phase()]
        for layer, value in zip(layers, K.function(inputs, outputs)([*arrays, 0])):
            table = value.reshape(len(value), -1)
            np.savetxt(Path(self.log_dir) / _table_name(layer), table, fmt="%.9g", delimiter="\t")


def _graph_nodes(model: Any) -> list[GraphNode]:
    """The layers, and from which others each has its inputs."""
    kinds: dict[str, str] = {}
    inputs: dict[str, dict[str, None]] = {}
    for node in model._graph.in_order():
        layer = node.outbound_layer
        kinds[layer.name] = type(layer).__name__
        inputs.setdefault(layer.name, {}).update((x.name, None) for x in node.inbound_layers)
    return [GraphNode(name, kind, list(inputs[name])) for name, kind in kinds.items()]


def _outputs_of_layers(model: Any) -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        nodes = [node for node in layer._inbound_nodes if node in model._network_nodes]
        tensors = [x for node in nodes if node.inbound_layers for x in node.output_tensors]
        for index, tensor in enumerate(tensors):
            yield f"{layer.name}_out" + (f"_{index}" if index else ""), tensor


def _pictures(tag: str, weight: np.ndarray) -> Iterator[bytes]:
    """A weight as pictures: a vector or matrix as one, a convolution's kernel as one a filter."""
    x = np.squeeze(weight)
    if x.ndim <= 2:
        planes = np.atleast_2d(x)[None]
    elif x.ndim == 3:
        planes = np.moveaxis(x, -1, 0)
    else:
        return
    for index, plane in enumerate(planes):
        yield image(f"{tag}/{index}", plane[..., None])


def _table_name(layer: Any) -> str:
    return f"{layer.name.replace('/', '_')}_embedding.tsv"
