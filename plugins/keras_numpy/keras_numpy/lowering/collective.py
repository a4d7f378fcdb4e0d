"""Sums over all processes that work together."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from math import prod

import numpy as np

from keras_core.graph import Node, Tensor
from keras_core.plugins.authoring import (
    begin_sums,
    sends_meanwhile,
    sums_for_updates,
    sums_over_ranks,
)
from keras_numpy.kernel import Early, Kernel, Lowering, places

# Bytes from which an array is sent as soon as it is there: it is a message of its own anyway.
_LARGE = 1 << 18


def _lower_all_reduce(node: Node) -> Kernel:
    count = len(node.inputs)

    def rest(begun: Container[int]) -> str:
        left = [i for i in range(count) if i not in begun]
        inputs, outputs = ("".join(f"{{{name}{i}}}, " for i in left) for name in ("", "out"))
        return f"{{sums}}(({inputs}), ({outputs}))" if left else "pass"

    def for_updates(updating: Collection[int]) -> str:
        return f"{{for_updates}}(({places(count)}), ({places(count, 'out')}), {tuple(updating)})"

    large = [i for i, x in enumerate(node.inputs) if _nbytes(x) >= _LARGE]
    early = Early(tuple(large), "{begin}(({0},), ({out},))", rest) if sends_meanwhile() else None
    names = {"sums": sums_over_ranks, "begin": begin_sums, "for_updates": sums_for_updates}
    return Kernel(rest(()), names, early=early, some_rows=for_updates)


def _nbytes(x: Tensor) -> int:
    shape: tuple = x.shape
    return prod(shape) * np.dtype(x.dtype).itemsize


LOWERINGS: Mapping[str, Lowering] = {"all_reduce": _lower_all_reduce}
