"""Sums over all processes that work together; tensors of a GPU go over the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from keras_core.plugins.authoring import sums_over_ranks
from keras_torch.kernel import Kernel, Lowering, Site, places

Tensors = tuple[torch.Tensor, ...]


def _sums(*tensors: torch.Tensor) -> list[torch.Tensor]:
    """New tensors, which share no memory with those that are added up."""
    sent = [x.detach().cpu().contiguous() for x in tensors]
    sums = [torch.empty(x.shape, dtype=x.dtype) for x in sent]
    sums_over_ranks([x.numpy() for x in sent], [x.numpy() for x in sums])
    return [total.to(x.device) for total, x in zip(sums, tensors)]


@torch.library.custom_op("keras_core::all_reduce", mutates_args=())
def _all_reduce(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The same as an operation, into which torch.compile does not look."""
    return _sums(*tensors)


@_all_reduce.register_fake
def _like_sums(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [torch.empty_like(x, memory_format=torch.contiguous_format) for x in tensors]


def _backward(ctx: Any, cotangents: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
    return _all_reduce(list(cotangents))


_all_reduce.register_autograd(_backward)


class _Derivable(torch.autograd.Function):
    """The same for autograd and the transformations of `torch.func`."""

    @staticmethod
    def forward(*tensors: torch.Tensor) -> Tensors:
        return tuple(_all_reduce(list(tensors)))

    @staticmethod
    def setup_context(ctx: Any, inputs: Tensors, output: Tensors) -> None:
        ctx.mark_non_differentiable(*(y for y in output if not y.is_floating_point()))
        ctx.floats = [y.is_floating_point() for y in output]

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        return _of_floats(ctx.floats, cotangents)

    @staticmethod
    def jvp(ctx: Any, *tangents: torch.Tensor) -> Any:
        return _of_floats(ctx.floats, tangents)

    @staticmethod
    def vmap(info: Any, in_dims: Any, *tensors: torch.Tensor) -> tuple[Tensors, Any]:
        return _Derivable.apply(*tensors), in_dims


def _of_floats(floats: Sequence[bool], given: Sequence[torch.Tensor]) -> tuple[Any, ...]:
    """The sums of the derivatives of floats, None for all else."""
    sums = iter(_Derivable.apply(*(x for x, is_float in zip(given, floats) if is_float)))
    return tuple(next(sums) if is_float else None for is_float in floats)


def _pure_sums(*tensors: torch.Tensor) -> Tensors:
    """In the form that is understood by who looks on."""
    if torch.compiler.is_compiling():
        return tuple(_all_reduce(list(tensors)))
    return _Derivable.apply(*tensors)


def _lower_all_reduce(site: Site) -> Kernel:
    run = _pure_sums if site.pure else _sums
    return Kernel(f"{{sums}}({places(len(site.inputs))})", {"sums": run})


LOWERINGS: Mapping[str, Lowering] = {"all_reduce": _lower_all_reduce}
