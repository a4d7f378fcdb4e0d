"""Native nodes: functions of NumPy arrays that stand in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core.graph import Node
from keras_core.plugins.authoring import checked_results
from keras_numpy.kernel import Kernel, Lowering, places


def _lower_native(node: Node) -> Kernel:
    if node.params["backend"] != "numpy":
        raise NotImplementedError(
            f"The function {node.params['fn']!r} (built by {node.origin}) works on arrays of the "
            f"backend {node.params['backend']!r}, not of 'numpy'; run this model there."
        )
    function: Any = node.params["fn"]
    inputs, outputs = places(len(node.inputs)), places(len(node.specs), "out")
    names = {"run": _filling(function, node)}
    return Kernel(f"{{run}}(({inputs}), ({outputs}))", names)


def _filling(function: Any, node: Node) -> Any:
    def run(inputs: Any, outputs: Any) -> None:
        for out, result in zip(outputs, checked_results(node, function(*inputs), _described)):
            np.copyto(out, result, casting="unsafe")

    return run


def _described(result: Any) -> tuple[tuple[int, ...], str]:
    array = np.asarray(result)
    return array.shape, array.dtype.name


LOWERINGS: Mapping[str, Lowering] = {"native": _lower_native}
