"""Models as programs of `torch.export`, which run without keras_core."""

from __future__ import annotations

from typing import Any

import torch

from keras_torch.dtypes import dtype_of
from keras_torch.module import Module


def export(model: Any, batch_size: int | None = None) -> Any:
    """Makes an exported program of what a model computes when it predicts.

    Args:
        model: a model of keras_core that has met its inputs.
        batch_size: how many samples the program takes; None for any number.

    Returns:
        A `torch.export.ExportedProgram`, for `torch.export.save` and PyTorch's compilers.

    Raises:
        ValueError: an input has another axis of unknown size.
    """
    module = Module(model).eval()
    examples = tuple(_example(x, 2 if batch_size is None else batch_size) for x in model.inputs)
    batch = torch.export.Dim("batch") if batch_size is None else None
    dynamic = None if batch is None else (tuple({0: batch} for _ in examples),)
    with torch.no_grad():
        return torch.export.export(module, examples, dynamic_shapes=dynamic, strict=False)


def _example(x: Any, batch_size: int) -> torch.Tensor:
    shape = (batch_size, *x.shape[1:])
    if None in shape:
        raise ValueError(
            f"The input {x.name!r} has the shape {x.shape}: a program is exported for known sizes "
            "of all axes but the batch's; build the model with them."
        )
    return torch.zeros(shape, dtype=dtype_of(x.dtype))
