"""LSTMs over whole sequences on a CPU, by oneDNN: a call for all steps, and one for all gradients.

Gates are in the order of Keras, which is PyTorch's as well: in, forget, candidate, out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

# How PyTorch numbers its recurrent layers.
_LSTM = 2


def is_served(device: torch.device) -> bool:
    """Whether LSTMs on a device are single calls."""
    return device.type == "cpu" and has_kernel()


@cache
def has_kernel() -> bool:
    """Whether PyTorch was built with oneDNN and its operations, which are no public ones, are there
    and do what they do here."""
    if not torch.backends.mkldnn.is_available():
        return False
    try:
        return _is_as_by_formula()
    except (AttributeError, RuntimeError, TypeError):
        return False


class Forward:
    """The states after all steps, the outputs of each, and what `Backward` wants of it.

    Args:
        units: the size of a state.
        reverse: whether the last step comes first.
        is_derived: whether there is to be a gradient.
    """

    def __init__(self, units: int, reverse: bool, is_derived: bool) -> None:
        self.units, self.reverse, self.is_derived = units, reverse, is_derived

    def __call__(
        self,
        x: torch.Tensor,
        kernel: torch.Tensor,
        recurrent: torch.Tensor,
        h: torch.Tensor,
        c: torch.Tensor,
        bias: torch.Tensor | None = None,
    ) -> tuple[Any, ...]:
        zeros = x.new_zeros(4 * self.units)
        weights = [kernel.t().contiguous(), recurrent.t().contiguous(), zeros, zeros]
        if bias is not None:
            weights[2] = bias.contiguous()
        given = (x.contiguous(), *weights, h.contiguous(), c.contiguous())
        # The operation keeps what its gradient needs where PyTorch is in the mode for that.
        with torch.set_grad_enabled(self.is_derived):
            ys, h, c, saved = torch.ops.aten.mkldnn_rnn_layer.default(
                *given, self.reverse, [], _LSTM, self.units, 1, True, False, False, self.is_derived
            )
        return h, c, ys, (*given, saved)


class Backward:
    """The gradients by initial states, inputs, kernel, recurrent kernel and bias.

    Args:
        units: the size of a state.
        reverse: whether the last step came first.
    """

    def __init__(self, units: int, reverse: bool) -> None:
        self.units, self.reverse = units, reverse

    def __call__(
        self,
        saved: Sequence[torch.Tensor],
        ys: torch.Tensor,
        h: torch.Tensor,
        c: torch.Tensor,
        dh: torch.Tensor,
        dc: torch.Tensor,
        dys: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, ...]:
        dys = torch.zeros_like(ys) if dys is None else dys.contiguous()
        *given, workspace = saved
        dx, kernel, recurrent, bias, _, before_h, before_c = (
            torch.ops.aten.mkldnn_rnn_layer_backward.default(
                *(*given, ys, h, c, dys, dh.contiguous(), dc.contiguous(), self.reverse, _LSTM),
                *(self.units, 1, True, True, False, [], False, workspace),
            )
        )
        return before_h.view_as(dh), before_c.view_as(dc), dx, kernel.t(), recurrent.t(), bias


# What the operations have to do


def _is_as_by_formula() -> bool:
    """Whether the results and gradients for some numbers are those of the formula."""
    shapes = [(3, 2, 2), (2, 8), (2, 8), (2, 2), (2, 2), (8,)]
    given = [_numbers(shape).requires_grad_() for shape in shapes]
    with torch.enable_grad():
        wanted = _by_formula(*given)
        cotangents = [_numbers(y.shape) for y in wanted]
        gradients = torch.autograd.grad(wanted, given, cotangents)
    with torch.no_grad():
        h, c, ys, saved = Forward(2, True, True)(*(x.detach() for x in given))
        found = Backward(2, True)(saved, ys, h, c, *cotangents)
    ordered = [*wanted, *(gradients[i] for i in (3, 4, 0, 1, 2, 5))]
    return all(map(_is_near, [h, c, ys, *found], ordered))


def _numbers(shape: Sequence[int]) -> torch.Tensor:
    return torch.linspace(-1, 1, torch.Size(shape).numel()).reshape(*shape)


def _is_near(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and a.allclose(b, 1e-4, 1e-5)


def _by_formula(
    x: torch.Tensor,
    kernel: torch.Tensor,
    recurrent: torch.Tensor,
    h: torch.Tensor,
    c: torch.Tensor,
    bias: torch.Tensor,
) -> tuple[torch.Tensor, ...]:
    """The final states and all outputs, from the last step to the first."""
    ys = []
    for row in reversed(x.unbind()):
        i, f, g, o = (row @ kernel + h @ recurrent + bias).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        ys.append(h)
    return h, c, torch.stack(ys[::-1])
