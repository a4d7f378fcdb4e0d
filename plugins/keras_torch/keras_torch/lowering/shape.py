"""Sizes, and rearrangements that keep the values of elements: views where there are such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from keras_torch.kernel import Kernel, Lowering, Site, extent, extents, places, sizes, tuple_of


def _lower_reshape(site: Site) -> Kernel:
    shape = site.spec.shape
    if None not in shape:
        return Kernel(f"{{0}}.reshape({tuple_of(shape)})", view=(0,))
    asked = site.params["shape"]
    if _is_open(site, asked):
        names = {"reshape": _reshape}
        return Kernel(f"{{reshape}}({{0}}, {sizes(asked, 1)})", names, view=(0,))
    return Kernel(f"{{0}}.reshape({sizes(asked, 1)})", view=(0,))


def _is_open(site: Site, asked: Any) -> bool:
    """Whether a size of -1 may stand beside one of 0, which PyTorch refuses."""
    return -1 in asked or None in asked


def _reshape(x: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """With -1 for what is left over once zeros cancel each other."""
    if -1 not in shape or 0 not in shape:
        return x.reshape(shape)
    others, given = list(x.shape), [size for size in shape if size != -1]
    for _ in range(given.count(0)):
        if 0 in others:
            others.remove(0)
            given.remove(0)
    whole, part = 1, 1
    for size in others:
        whole *= size
    for size in given:
        part *= size
    left = whole // part if part else 0
    return x.reshape(tuple(left if size == -1 else size for size in shape))


def _lower_broadcast_to(site: Site) -> Kernel:
    shape = site.spec.shape
    text = tuple_of(shape) if None not in shape else sizes(site.params["shape"], 1)
    return Kernel(f"{{0}}.expand({text})", view=(0,), shared=True)


def _lower_transpose(site: Site) -> Kernel:
    perm = tuple(site.params["perm"])
    if perm == (1, 0):
        return Kernel("{0}.t()", view=(0,))
    return Kernel(f"{{0}}.permute({perm!r})", view=(0,))


def _lower_pad(site: Site) -> Kernel:
    widths = [int(n) for pair in reversed(site.params["widths"]) for n in pair]
    names = {"pad": torch.constant_pad_nd, "value": site.params["value"]}
    return Kernel(f"{{pad}}({{0}}, {widths!r}, {{value}})", names)


def _lower_concat(site: Site) -> Kernel:
    tensors, axis = places(len(site.inputs)), site.params["axis"]
    into = f"{{cat}}(({tensors},), {axis}, out={{out}})"
    return Kernel(f"{{cat}}(({tensors},), {axis})", {"cat": torch.cat}, into=into)


def _lower_stack(site: Site) -> Kernel:
    tensors, axis = places(len(site.inputs)), site.params["axis"]
    into = f"{{stack}}(({tensors},), {axis}, out={{out}})"
    return Kernel(f"{{stack}}(({tensors},), {axis})", {"stack": torch.stack}, into=into)


def _lower_repeat(site: Site) -> Kernel:
    """The result seen with an axis for the repetitions, along which the input is spread."""
    x, axis, repeats = site.inputs[0], site.params["axis"], site.params["repeats"]
    apart = extents(x, 0)
    apart.insert(axis + 1, str(repeats))
    whole = extents(x, 0)
    whole[axis] = f"{extent(x, 0, axis)} * {repeats}"
    spread = f"{{0}}.unsqueeze({axis + 1}).expand({tuple_of(apart)})"
    return Kernel(f"{spread}.reshape({tuple_of(whole)})", view=(0,), shared=True)


def _lower_tile(site: Site) -> Kernel:
    return Kernel(f"{{0}}.repeat({tuple(site.params['reps'])!r})")


def _lower_reverse(site: Site) -> Kernel:
    return Kernel(f"{{0}}.flip({tuple(site.params['axes'])!r})")


def _lower_dim(site: Site) -> Kernel:
    names = {"tensor": torch.tensor, "int32": torch.int32}
    size = extent(site.inputs[0], 0, site.params["axis"])
    return Kernel(f"{{tensor}}({size}, dtype={{int32}}, device={{0}}.device)", names)


def _lower_shape_of(site: Site) -> Kernel:
    names = {"tensor": torch.tensor, "int32": torch.int32}
    shape = f"[{', '.join(extents(site.inputs[0], 0))}]"
    return Kernel(f"{{tensor}}({shape}, dtype={{int32}}, device={{0}}.device)", names)


def _lower_ensure_shape(site: Site) -> Kernel:
    shape = tuple(site.params["shape"])
    if None not in site.inputs[0].shape:  # which the shape rule has compared
        return Kernel("{0}", view=(0,))
    return Kernel(f"{{checked}}({{0}}, {shape!r})", {"checked": _checked}, view=(0,))


def _checked(x: torch.Tensor, shape: tuple[Any, ...]) -> torch.Tensor:
    fits = len(shape) == x.dim() and all(a is None or a == b for a, b in zip(shape, x.shape))
    if not fits:
        raise ValueError(f"a tensor of shape {tuple(x.shape)} came where {shape} was promised")
    return x


LOWERINGS: Mapping[str, Lowering] = {
    "broadcast_to": _lower_broadcast_to,
    "concat": _lower_concat,
    "dim": _lower_dim,
    "ensure_shape": _lower_ensure_shape,
    "pad": _lower_pad,
    "repeat": _lower_repeat,
    "reshape": _lower_reshape,
    "reverse": _lower_reverse,
    "shape_of": _lower_shape_of,
    "stack": _lower_stack,
    "tile": _lower_tile,
    "transpose": _lower_transpose,
}
