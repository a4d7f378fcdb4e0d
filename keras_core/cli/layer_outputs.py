"""What each layer of a saved model gives, as arrays, here or in a process of another Python.

As a program: `python -m keras_core.cli.layer_outputs MODEL INPUTS OUTPUTS` reads and writes npz
files; the environment chooses the backend.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Outputs = dict[str, np.ndarray]

_LABELS = "labels"
_SHOWN = 2000  # characters of what a failed process wrote last


def outputs_here(model: Any, inputs: Sequence[np.ndarray]) -> Outputs:
    """Computes what each layer gives for some inputs, on the current backend, in the test phase.

    A layer that is called several times stands there as `name`, `name (2)`, ...; the layers of a
    nested model as `model/layer`, before the model itself.

    Args:
        model: a model that is a graph of layers.
        inputs: an array for each input of the model, with the batch axis.

    Returns:
        The arrays by label, in the order in which the layers run.
    """
    from keras_core import backend as K

    calls = list(_calls(model))
    tensors = list(dict.fromkeys(x for _, _, node in calls for x in _read_and_given(node)))
    values = dict(zip(tensors, K.function(model.inputs, tensors)(inputs)))
    outputs: Outputs = {}
    for label, layer, node in calls:
        if _is_nested(layer):
            inner = outputs_here(layer, [values[x] for x in node.input_tensors])
            outputs.update({f"{label}/{name}": array for name, array in inner.items()})
        many = len(node.output_tensors) > 1
        for i, tensor in enumerate(node.output_tensors):
            outputs[f"{label}[{i}]" if many else label] = values[tensor]
    return outputs


def _calls(model: Any) -> Iterator[tuple[str, Any, Any]]:
    """The label, layer and node of each call of a layer in a model; inputs are left out."""
    for layer in model.layers:
        nodes = [n for n in layer._inbound_nodes if n in model._network_nodes and n.inbound_layers]
        for i, node in enumerate(nodes, 1):
            yield (f"{layer.name} ({i})" if i > 1 else layer.name), layer, node


def _read_and_given(node: Any) -> list[Any]:
    return [*node.input_tensors, *node.output_tensors]


def _is_nested(layer: Any) -> bool:
    return bool(getattr(layer, "_is_graph_network", False))


def outputs_elsewhere(
    python: str, backend: str, model: str, inputs: Sequence[np.ndarray]
) -> Outputs:
    """Computes the same in a process of its own.

    Args:
        python: the interpreter, which has keras-core and the backend.
        backend: the backend's name there.
        model: path of the saved model.
        inputs: an array for each input of the model.

    Raises:
        ValueError: the interpreter does not start, or the process fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "inputs.npz"), Path(folder, "outputs.npz")
        write(source, {f"input {i}": array for i, array in enumerate(inputs)})
        words = [python, "-m", __name__, os.path.abspath(model), str(source), str(target)]
        environment = {**os.environ, "KERAS_BACKEND": backend}
        try:
            done = subprocess.run(words, env=environment, capture_output=True, text=True)
        except OSError as error:
            raise ValueError(
                f"{python}, which is to run {backend!r}, does not start: {error}"
            ) from (error)
        if done.returncode:
            told = done.stderr[-_SHOWN:].strip()
            raise ValueError(f"{python} failed with the backend {backend!r}:\n{told}")
        return read(target)


def write(path: Path, arrays: Outputs) -> None:
    """Writes arrays with labels of any text, in their order."""
    import numpy as np

    named: dict[str, Any] = {str(i): array for i, array in enumerate(arrays.values())}
    np.savez(path, **{_LABELS: np.array(list(arrays), dtype=np.str_), **named})


def read(path: Path) -> Outputs:
    """Reads what `write` wrote."""
    import numpy as np

    with np.load(path) as file:
        return {str(label): file[str(i)] for i, label in enumerate(file[_LABELS])}


def main(model: str, source: str, target: str) -> None:
    """Loads a model, runs it and writes what came out."""
    from keras_core.models import load_model

    inputs = list(read(Path(source)).values())
    write(Path(target), outputs_here(load_model(model, compile=False), inputs))


if __name__ == "__main__":
    main(*sys.argv[1:])
