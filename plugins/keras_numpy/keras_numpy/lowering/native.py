"""Native nodes: functions of NumPy arrays that stand in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core.graph import Node
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
    specs = node.specs

    def run(inputs: Any, outputs: Any) -> None:
        results = function(*inputs)
        results = results if isinstance(results, (tuple, list)) else (results,)
        for spec, out, result in zip(specs, outputs, results):
            if np.shape(result) != spec.shape:
                raise ValueError(
                    f"the function gave shape {np.shape(result)}; {spec.shape} was declared"
                )
            np.copyto(out, result, casting="unsafe")

    return run


LOWERINGS: Mapping[str, Lowering] = {"native": _lower_native}
