"""Sums over all processes that work together; tensors of a GPU go over the host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from keras_core.plugins.authoring import sums_over_ranks
from keras_torch.kernel import Kernel, Lowering, Site, places


def _sums(*tensors: torch.Tensor) -> list[torch.Tensor]:
    """New tensors, which share no memory with those that are added up."""
    sent = [x.detach().cpu().contiguous() for x in tensors]
    sums = [torch.empty(x.shape, dtype=x.dtype) for x in sent]
    sums_over_ranks([x.numpy() for x in sent], [x.numpy() for x in sums])
    return [total.to(x.device) for total, x in zip(sums, tensors)]


@torch.library.custom_op("keras_core::all_reduce", mutates_args=())
def _all_reduce(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return _sums(*tensors)


@_all_reduce.register_fake
def _(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return [torch.empty_like(x, memory_format=torch.contiguous_format) for x in tensors]


@_all_reduce.register_vmap
def _(info: object, in_dims: tuple, tensors: Sequence[torch.Tensor]) -> tuple[list, list]:
    return _all_reduce(list(tensors)), list(in_dims[0])


def _backward(ctx: object, cotangents: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    return _all_reduce(list(cotangents))


_all_reduce.register_autograd(_backward)


def _lower_all_reduce(site: Site) -> Kernel:
    count = places(len(site.inputs))
    if site.pure:
        return Kernel(f"{{sums}}([{count}])", {"sums": _all_reduce})
    return Kernel(f"{{sums}}({count})", {"sums": _sums})


LOWERINGS: Mapping[str, Lowering] = {"all_reduce": _lower_all_reduce}
