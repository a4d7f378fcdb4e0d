"""Sums over all processes that work together."""

from __future__ import annotations

from collections.abc import Mapping

from keras_core.graph import Node
from keras_core.plugins.authoring import sums_over_ranks
from keras_numpy.kernel import Kernel, Lowering, places


def _lower_all_reduce(node: Node) -> Kernel:
    count = len(node.inputs)
    pattern = f"{{sums}}(({places(count)}), ({places(count, 'out')}))"
    return Kernel(pattern, {"sums": sums_over_ranks})


LOWERINGS: Mapping[str, Lowering] = {"all_reduce": _lower_all_reduce}
