"""Several nodes that PyTorch has one kernel for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from keras_core.graph import PRIMITIVES, Node, Tensor
from keras_core.plugins.authoring import FLOATS, made_by
from keras_torch import products
from keras_torch.kernel import Kernel, Site
from keras_torch.lowering.convolution import Convolution
from keras_torch.lowering.linalg import plan_of
from keras_torch.lowering.pooling import Pooling

Joined = tuple[Kernel, Sequence[Any]]

_WIDE = ("float32", "float64")


def fused(site: Site, uses: Mapping[Any, int]) -> Joined | None:
    """A kernel for a node and some that it alone reads, with what this reads; None where not.

    Args:
        site: where the last one of them stands.
        uses: how often each tensor is read.
    """
    node = site.node
    if node.primitive.name not in ("add", "subtract") or node.specs[0].dtype not in FLOATS:
        return None
    orders = [(0, 1), (1, 0)] if node.primitive.name == "add" else [(0, 1)]
    for first, second in orders:
        a, b = node.inputs[first], node.inputs[second]
        if b.node is None or uses[b.key] != 1:
            continue
        found = _joined(site, a, b)
        if found is not None:
            return found
    return None


def _joined(site: Site, a: Tensor, b: Tensor) -> Joined | None:
    node = site.node
    sign = 1 if node.primitive.name == "add" else -1
    factors = made_by(PRIMITIVES["multiply"], b)
    if factors is not None:
        return _with_product(node, a, factors, sign)
    if sign < 0:
        return None
    product = made_by(PRIMITIVES["dot"], b)
    if product is not None:
        return _with_matrices(site, a, product)
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


def _with_matrices(site: Site, a: Tensor, product: Node) -> Joined | None:
    """a + b @ c; where a is a number for each column, b may have more axes than a matrix."""
    result = site.spec
    plan = plan_of(site._replace(node=product))
    if plan is None or result.dtype not in _WIDE or result.sizes != product.specs[0].sizes:
        return None
    is_bias = a.ndim == 1 and a.sizes == result.sizes[-1:]
    if not is_bias and not plan.is_flat:
        return None
    inputs = (*product.inputs, a)
    if plan.is_large and not site.pure:
        pattern = f"{{fn}}({plan.matrices}, {{2}}){plan.shaped}"
        # A whole matrix is added faster by itself.
        return (Kernel(pattern, {"fn": products.product}), inputs) if is_bias else None
    pattern = f"{{fn}}({{2}}, {plan.matrices})"
    into = f"{{fn}}({{2}}, {plan.matrices}, out={{out}})" if plan.is_flat else ""
    inplace = (2,) if a.sizes == result.sizes else ()
    return Kernel(f"{pattern}{plan.shaped}", {"fn": torch.addmm}, into, inplace), inputs


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
