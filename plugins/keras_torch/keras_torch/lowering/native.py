"""Native nodes: functions of PyTorch's tensors that stand in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from keras_core.graph import Node
from keras_core.plugins.authoring import checked_results
from keras_torch.dtypes import dtype_of, name_of
from keras_torch.kernel import Kernel, Lowering, Site, places


def _lower_native(site: Site) -> Kernel:
    node = site.node
    if node.params["backend"] != "torch":
        raise NotImplementedError(
            f"The function {node.params['fn']!r} (built by {node.origin}) works on arrays of the "
            f"backend {node.params['backend']!r}, not of 'torch'; run this model there."
        )
    # What it returns may be one of its inputs, or be kept by whoever wrote it.
    everything = tuple(range(len(node.inputs)))
    names = {"run": _Checked(node)}
    return Kernel(f"{{run}}({places(len(node.inputs))})", names, view=everything, shared=True)


class _Checked:
    """Calls the function of a native node, and compares what it gives with what was declared."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.dtypes = [dtype_of(spec.dtype) for spec in node.specs]

    def __call__(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        results = checked_results(self.node, self.node.params["fn"](*tensors), _described)
        return [x.to(dtype) for x, dtype in zip(results, self.dtypes)]


def _described(result: Any) -> tuple[tuple[int, ...], str]:
    if not isinstance(result, torch.Tensor):
        raise TypeError(f"a native function gave {type(result).__name__}, not a tensor of PyTorch")
    return tuple(result.shape), name_of(result.dtype)


LOWERINGS: Mapping[str, Lowering] = {"native": _lower_native}
