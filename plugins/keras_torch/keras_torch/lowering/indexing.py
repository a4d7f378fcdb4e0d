"""Parts of tensors by position, and the places they came from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from keras_core.graph import Constant, Tensor
from keras_core.plugins.authoring import refuse_outside
from keras_torch.dtypes import dtype_of
from keras_torch.kernel import Kernel, Lowering, Site, places, sizes, tuple_of

_WHOLE = (None, None, 1)


def _lower_slice(site: Site) -> Kernel:
    index, shape = site.params["index"], site.inputs[0].shape
    parts = [i for i, part in enumerate(index) if not _is_whole(part, shape[i])]
    if not parts:
        return Kernel("{0}", view=(0,))
    if any(index[i][2] < 0 for i in parts):
        return Kernel(f"{{sliced}}({{0}}, {tuple(index)!r})", {"sliced": _sliced}, view=(0,))
    if len(parts) == 1 and index[parts[0]][2] == 1 and shape[parts[0]] is not None:
        axis = parts[0]
        start, stop, _ = slice(*index[axis]).indices(shape[axis])
        return Kernel(f"{{0}}.narrow({axis}, {start}, {max(0, stop - start)})", view=(0,))
    return Kernel(f"{{0}}[{', '.join(map(_written, index))}]", view=(0,))


def _is_whole(part: Any, size: int | None) -> bool:
    if part == _WHOLE or size is None:
        return part == _WHOLE
    return slice(*part).indices(size) == (0, size, 1)


def _written(part: Any) -> str:
    return ":".join("" if bound is None else str(bound) for bound in part)


def _sliced(x: torch.Tensor, index: Sequence[Any]) -> torch.Tensor:
    """A slice, also by negative steps, which PyTorch takes of a reversed axis."""
    for axis, part in enumerate(index):
        x = x.flip(axis) if part[2] < 0 else x
    found = [_forward(part, size) for part, size in zip(index, x.shape)]
    return x[tuple(found)]


def _forward(part: Any, size: int) -> slice:
    """The same places in an axis that is reversed where the step is negative."""
    start, stop, step = slice(*part).indices(size)
    if step > 0:
        return slice(start, stop, step)
    count = len(range(start, stop, step))
    first = size - 1 - start
    return slice(first, first + max(0, (count - 1) * -step + 1) if count else first, -step)


def _lower_unslice(site: Site) -> Kernel:
    index, shape = site.params["index"], site.spec.shape
    if None not in shape and all(step == 1 for _, _, step in index):
        return _padded(index, shape)  # type: ignore[arg-type]
    text = sizes(site.params["shape"], 1)
    return Kernel(f"{{unsliced}}({{0}}, {text}, {tuple(index)!r})", {"unsliced": _unsliced})


def _padded(index: Sequence[Any], shape: Sequence[int]) -> Kernel:
    widths: list[int] = []
    for part, size in reversed([*zip(index, shape)]):
        start, stop, _ = slice(*part).indices(size)
        start = min(start, size)
        widths += [start, size - max(start, stop)]
    return Kernel(f"{{pad}}({{0}}, {widths!r}, 0)", {"pad": torch.constant_pad_nd})


def _unsliced(g: torch.Tensor, shape: Sequence[int], index: Sequence[Any]) -> torch.Tensor:
    result = g.new_zeros(shape)
    found = tuple(_forward(part, size) for part, size in zip(index, shape))
    turned = [axis for axis, part in enumerate(index) if part[2] < 0]
    result[found] = g
    return result.flip(turned) if turned else result


def _lower_dynamic_slice(site: Site) -> Kernel:
    starts = [f"{{s{i + 1}}}" for i in range(len(site.inputs) - 1)]
    pattern = f"{{block}}({{0}}, {tuple_of(starts)}, {tuple(site.params['sizes'])!r})"
    return Kernel(pattern, {"block": _block}, view=(0,))


def _block(x: torch.Tensor, starts: Sequence[int], counts: Sequence[int]) -> torch.Tensor:
    _refuse_outside(x.shape, starts, counts)
    return x[tuple(slice(start, start + count) for start, count in zip(starts, counts))]


def _refuse_outside(shape: Sequence[int], starts: Sequence[int], counts: Sequence[int]) -> None:
    for size, start, count in zip(shape, starts, counts):
        if start < 0 or start + count > size:
            raise IndexError(
                f"a block of {tuple(counts)} from {tuple(starts)} on does not lie inside of the "
                f"shape {tuple(shape)}"
            )


def _lower_dynamic_unslice(site: Site) -> Kernel:
    rank = site.inputs[0].ndim
    starts = tuple_of([f"{{s{i + 1}}}" for i in range(rank)])
    shape = sizes(site.params["shape"], rank + 1)
    return Kernel(f"{{placed}}({{0}}, {starts}, {shape})", {"placed": _placed})


def _placed(g: torch.Tensor, starts: Sequence[int], shape: Sequence[int]) -> torch.Tensor:
    _refuse_outside(shape, starts, g.shape)
    result = g.new_zeros(shape)
    result[tuple(slice(start, start + n) for start, n in zip(starts, g.shape))] = g
    return result


def _lower_gather(site: Site) -> Kernel:
    size = site.inputs[0].shape[site.params["axis"]]
    raises = site.device == "cpu" or _are_inside(site.inputs[1], size)
    gather = _gathered if raises else _gathered_or_nothing
    return Kernel(f"{{gather}}({{0}}, {{1}}, {site.params['axis']})", {"gather": gather})


def _are_inside(indices: Tensor, size: int | None) -> bool:
    """Whether indices are known, and are there.

    Raises:
        IndexError: they are known, and one is not there.
    """
    if size is None or not isinstance(indices, Constant):
        return False
    refuse_outside(indices.value, size)
    return True


def _gathered(x: torch.Tensor, indices: torch.Tensor, axis: int) -> torch.Tensor:
    try:
        if indices.dim() == 1:
            return x.index_select(axis, _flat(indices))
        flat = x.index_select(axis, _flat(indices))
    except IndexError as error:
        raise _out_of_range(indices, x.shape[axis], axis) from error
    return flat.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _gathered_or_nothing(x: torch.Tensor, indices: torch.Tensor, axis: int) -> torch.Tensor:
    """The same where an index that is not there would end the device's work for good.

    It gives NaN, or the least integer.
    """
    if not x.shape[axis] and indices.numel():
        raise _out_of_range(indices, 0, axis)
    inside = _is_inside(indices, x.shape[axis])
    found = _gathered(x, torch.where(inside, indices, 0), axis)
    shape = (*(1,) * axis, *inside.shape, *(1,) * (x.dim() - axis - 1))
    return torch.where(inside.reshape(shape), found, _nothing(x))


def _is_inside(indices: torch.Tensor, size: int) -> torch.Tensor:
    return (indices >= 0) & (indices < size)


def _nothing(x: torch.Tensor) -> float | int:
    if x.dtype.is_floating_point:
        return math.nan
    return False if x.dtype == torch.bool else torch.iinfo(x.dtype).min


def _out_of_range(indices: torch.Tensor, size: int, axis: int) -> IndexError:
    """What PyTorch says of an index, with the index."""
    wrong = next(i for i in indices.reshape(-1).tolist() if not 0 <= i < size)
    return IndexError(f"index {wrong} is out of range for axis {axis} of size {size}")


def _flat(indices: torch.Tensor) -> torch.Tensor:
    flat = indices.reshape(-1)
    return flat if flat.dtype in (torch.int32, torch.int64) else flat.long()


def _lower_gather_grad(site: Site) -> Kernel:
    shape = sizes(site.params["shape"], 2)
    added = _added if site.device == "cpu" else _added_inside
    pattern = f"{{added}}({{0}}, {{1}}, {shape}, {site.params['axis']})"
    return Kernel(pattern, {"added": added})


def _added(g: torch.Tensor, indices: torch.Tensor, shape: Sequence[int], axis: int) -> torch.Tensor:
    count = -1 if g.numel() else indices.numel()
    rows = g.reshape((*shape[:axis], count, *shape[axis + 1 :]))
    try:
        return g.new_zeros(shape).index_add_(axis, _flat(indices), rows)
    except IndexError as error:
        raise _out_of_range(indices, shape[axis], axis) from error


def _added_inside(
    g: torch.Tensor, indices: torch.Tensor, shape: Sequence[int], axis: int
) -> torch.Tensor:
    """The same without an error: what belongs to no row goes to one more, which is left out."""
    size = shape[axis]
    rows = torch.where(_is_inside(indices, size), indices, size)
    found = _added(g, rows, (*shape[:axis], size + 1, *shape[axis + 1 :]), axis)
    return found.narrow(axis, 0, size)


def _lower_one_hot(site: Site) -> Kernel:
    depth = torch.arange(site.params["depth"])
    names = {"hot": _hot, "depth": depth, "dtype": dtype_of(site.params["dtype"])}
    return Kernel("{hot}({0}, {depth}, {dtype})", names)


def _hot(indices: torch.Tensor, depth: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return (indices.long().unsqueeze(-1) == depth.to(indices.device)).to(dtype)


def _lower_arange(site: Site) -> Kernel:
    names = {"counted": _counted, "dtype": dtype_of(site.params["dtype"])}
    return Kernel(f"{{counted}}({places(3)}, {{dtype}})", names)


def _counted(
    start: torch.Tensor, stop: torch.Tensor, step: torch.Tensor, dtype: torch.dtype
) -> torch.Tensor:
    first, last, apart = start.item(), stop.item(), step.item()
    if (last - first) * apart <= 0:
        return torch.empty(0, dtype=dtype, device=start.device)
    return torch.arange(first, last, apart, dtype=start.dtype, device=start.device).to(dtype)


LOWERINGS: Mapping[str, Lowering] = {
    "arange": _lower_arange,
    "dynamic_slice": _lower_dynamic_slice,
    "dynamic_unslice": _lower_dynamic_unslice,
    "gather": _lower_gather,
    "gather_grad": _lower_gather_grad,
    "one_hot": _lower_one_hot,
    "slice": _lower_slice,
    "unslice": _lower_unslice,
}
