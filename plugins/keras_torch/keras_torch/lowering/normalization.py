"""Composites that PyTorch has kernels for: softmax, cross-entropy, batch normalization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

import torch
from torch.nn import functional

from keras_core.graph import Node
from keras_core.plugins.authoring import only_where
from keras_torch.kernel import Kernel, Lowering, Site, places

Results = Any  # three tensors

_backward = torch.ops.aten.native_batch_norm_backward.default


def _along(name: str) -> Lowering:
    def lower(site: Site) -> Kernel:
        pattern = f"{{fn}}({{0}}, {site.params['axis']})"
        return Kernel(pattern, {"fn": getattr(torch, name)})

    return lower


def _of_equal_shapes(node: Node) -> bool:
    a, b = node.inputs
    return None not in a.shape and a.shape == b.shape


@only_where(_of_equal_shapes)
def _lower_sigmoid_cross_entropy(site: Site) -> Kernel:
    pattern = "{fn}({1}, {0}, reduction='none')"
    return Kernel(pattern, {"fn": functional.binary_cross_entropy_with_logits})


def _channels(node: Node, number: int) -> int | None:
    """The axis of the channels of an input, where the statistics are over all others."""
    x = node.inputs[number]
    left = [axis for axis in range(x.ndim) if axis not in node.params["axes"]]
    return left[0] if len(left) == 1 and left[0] else None


def _is_of_channels(number: int) -> Callable[[Node], bool]:
    def takes(node: Node) -> bool:
        x = node.inputs[number]
        has_elements = None not in x.shape and 0 not in x.shape
        is_wide = x.dtype in ("float32", "float64")
        return has_elements and is_wide and _channels(node, number) is not None

    return takes


class _Norm:
    """Batch normalization over all axes but that of the channels, which PyTorch wants as axis 1.

    Args:
        rank: of x.
        channels: their axis.
        epsilon: what keeps the divisor from 0.
    """

    def __init__(self, rank: int, channels: int, epsilon: float) -> None:
        others = [axis for axis in range(1, rank) if axis != channels]
        self._enter = (0, channels, *others)
        self._leave = tuple(self._enter.index(axis) for axis in range(rank))
        self._axes = [axis for axis in range(rank) if axis != channels]
        self.epsilon = epsilon

    def train(self, x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> Results:
        y, mean, inverse = self._trained(x, gamma, beta)
        variance = torch.clamp_min(inverse.pow(-2) - self.epsilon, 0)
        return y.permute(self._leave), mean, variance

    def train_purely(self, x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> Results:
        """The same; the statistics that PyTorch gives by the way have no gradient."""
        y, _, _ = self._trained(x, gamma, beta)
        variance, mean = torch.var_mean(x, self._axes, correction=0)
        return y.permute(self._leave), mean, variance

    def _trained(self, x: torch.Tensor, gamma: torch.Tensor, beta: torch.Tensor) -> Results:
        moved = x.permute(self._enter)
        return torch.native_batch_norm(moved, gamma, beta, None, None, True, 0.0, self.epsilon)

    def grad(
        self,
        g: torch.Tensor,
        x: torch.Tensor,
        gamma: torch.Tensor,
        mean: torch.Tensor,
        variance: torch.Tensor,
    ) -> Results:
        inverse = torch.rsqrt(variance + self.epsilon)
        g, x = g.permute(self._enter), x.permute(self._enter)
        saved = (None, None, mean, inverse, True, self.epsilon, [True, True, True])
        gx, g_gamma, g_beta = _backward(g, x, gamma, *saved)
        return gx.permute(self._leave), g_gamma, g_beta


def _norm(site: Site, number: int) -> _Norm:
    channels = _channels(site.node, number)
    assert channels is not None
    return _Norm(site.inputs[number].ndim, channels, site.params["epsilon"])


@only_where(_is_of_channels(0))
def _lower_batch_norm_train(site: Site) -> Kernel:
    norm = _norm(site, 0)
    return Kernel(f"{{run}}({places(3)})", {"run": norm.train_purely if site.pure else norm.train})


@only_where(_is_of_channels(1))
def _lower_batch_norm_grad(site: Site) -> Kernel:
    return Kernel(f"{{run}}({places(5)})", {"run": _norm(site, 1).grad})


LOWERINGS: Mapping[str, Lowering] = {
    "batch_norm_grad": _lower_batch_norm_grad,
    "batch_norm_train": _lower_batch_norm_train,
    "log_softmax": _along("log_softmax"),
    "sigmoid_cross_entropy": _lower_sigmoid_cross_entropy,
    "softmax": _along("softmax"),
}
