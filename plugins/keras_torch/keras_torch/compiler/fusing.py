"""Several nodes that PyTorch has one kernel for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from keras_core.graph import PRIMITIVES, Node, Tensor
from keras_core.plugins.authoring import FLOATS, made_by
from keras_torch.kernel import Kernel, Site
from keras_torch.lowering.convolution import Convolution
from keras_torch.lowering.linalg import free_axes, matrix
from keras_torch.lowering.pooling import Pooling

Joined = tuple[Kernel, Sequence[Any]]

_WIDE = ("float32", "float64")


def fused(node: Node, uses: Mapping[Any, int], pure: bool) -> Joined | None:
    """A kernel for a node and some that it alone reads, with what this reads; None where not.

    Args:
        node: the last one of them.
        uses: how often each tensor is read.
        pure: whether the code has to be a pure function.
    """
    if node.primitive.name not in ("add", "subtract") or node.specs[0].dtype not in FLOATS:
        return None
    orders = [(0, 1), (1, 0)] if node.primitive.name == "add" else [(0, 1)]
    for first, second in orders:
        a, b = node.inputs[first], node.inputs[second]
        if b.node is None or uses[b.key] != 1:
            continue
        found = _joined(node, a, b, pure)
        if found is not None:
            return found
    return None


def _joined(node: Node, a: Tensor, b: Tensor, pure: bool) -> Joined | None:
    sign = 1 if node.primitive.name == "add" else -1
    factors = made_by(PRIMITIVES["multiply"], b)
    if factors is not None:
        return _with_product(node, a, factors, sign)
    if sign < 0:
        return None
    product = made_by(PRIMITIVES["dot"], b)
    if product is not None:
        return _with_matrices(node, a, product, pure)
    convolution = made_by(PRIMITIVES["conv"], b)
    return None if convolution is None else _with_bias(node, a, convolution)


def _with_product(node: Node, a: Tensor, factors: Node, sign: int) -> Joined | None:
    """a + b * c, elementwise and without broadcasting."""
    inputs = (a, *factors.inputs)
    shape = node.specs[0].sizes
    if any(x.sizes != shape for x in inputs) or not shape or None in node.specs[0].shape:
        return None
    more = "" if sign > 0 else ", value=-1"
    kernel = Kernel(
        f"{{fn}}({{0}}, {{1}}, {{2}}{more})",
        {"fn": torch.addcmul},
        into=f"{{fn}}({{0}}, {{1}}, {{2}}{more}, out={{out}})",
        inplace=(0, 1, 2),
    )
    return kernel, inputs


def _with_matrices(node: Node, a: Tensor, product: Node, pure: bool) -> Joined | None:
    """a + b @ c."""
    x, y = product.inputs
    contract, batch = product.params["contract"], product.params["batch"]
    free_x, free_y = free_axes(x, contract[0]), free_axes(y, contract[1])
    is_flat = not batch[0] and len(free_x) == len(free_y) == 1
    if not is_flat or node.specs[0].dtype not in _WIDE:
        return None
    if node.specs[0].sizes != product.specs[0].sizes:
        return None
    site = Site(product, pure)
    left, right = matrix(site, 0, free_x, contract[0]), matrix(site, 1, contract[1], free_y)
    is_whole = a.sizes == node.specs[0].sizes
    kernel = Kernel(
        f"{{fn}}({{2}}, {left}, {right})",
        {"fn": torch.addmm},
        into=f"{{fn}}({{2}}, {left}, {right}, out={{out}})",
        inplace=(2,) if is_whole else (),
    )
    return kernel, (x, y, a)


def _with_bias(node: Node, bias: Tensor, convolution: Node) -> Joined | None:
    """A convolution and a number for each of its filters."""
    result = convolution.specs[0]
    last = convolution.params["data_format"] == "channels_last"
    if not last or bias.shape != result.shape[-1:] or node.specs[0].sizes != result.sizes:
        return None
    kernel = convolution.inputs[1]
    run = Convolution(convolution.params, kernel.shape[:-2]).forward  # type: ignore[arg-type]
    return Kernel("{run}({0}, {1}, {2})", {"run": run}), (*convolution.inputs, bias)


# Where windows have their maxima, which the gradient of the pooling asks for again


class Places:
    """What a pooling finds besides its result."""

    def __init__(self, pool: Node) -> None:
        self.key = ("places", pool)


def pooled_before(nodes: Sequence[Node]) -> dict[Node, Node]:
    """Gradients of poolings that come after the pooling itself, with that; and these poolings."""
    pools: dict[Any, Node] = {}
    found: dict[Node, Node] = {}
    for node in nodes:
        if node.primitive.name not in ("max_pool", "max_pool_grad"):
            continue
        key = (node.inputs[0].key, tuple(sorted(node.params.items())))
        if node.primitive.name == "max_pool":
            pools[key] = node
        elif key in pools:
            found[node] = found[pools[key]] = pools[key]
    return found


def with_places(node: Node, pool: Node) -> Joined:
    """The kernel of such a pooling or of its gradient."""
    pooling = Pooling(pool.params)
    if node is pool:
        return Kernel("{run}({0})", {"run": pooling.maximum_with_places}), node.inputs
    kernel = Kernel("{run}({0}, {1}, {2})", {"run": pooling.maximum_grad})
    return kernel, (*node.inputs, Places(pool))
