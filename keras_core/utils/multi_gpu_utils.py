"""`multi_gpu_model`: what it means where a backend computes on one device."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from keras_core import namespaces, slots

__all__ = ["multi_gpu_model"]

__dir__ = namespaces.listing(__all__)


def multi_gpu_model(
    model: Any,
    gpus: int | Sequence[int] | None = None,
    cpu_merge: bool = True,
    cpu_relocation: bool = False,
) -> Any:
    """A model that computes what another does, for programs that share its batches out to GPUs.

    Backends compute on one device, so nothing is shared out, and a warning says so: losses,
    predictions and gradients are those of the model that is given, whose weights are shared. As in
    Keras 2 that model is the last layer but one, to be saved by itself.

    Args:
        model: Model to be trained.
        gpus: int of 2 or more, or the numbers of as many devices; None gives back the model itself.
        cpu_merge: bool, taken as in Keras 2; where results are joined does not matter here.
        cpu_relocation: bool, taken as in Keras 2; where weights are made does not matter here.

    Returns:
        A Model with the inputs and the output names of `model`.

    Raises:
        ValueError: fewer than two GPUs.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(3,))])
        >>> utils.multi_gpu_model(model, gpus=2).output_shape
        (None, 1)
    """
    count = len(gpus) if isinstance(gpus, (list, tuple, range)) else gpus
    if count is not None and (not isinstance(count, int) or count < 2):
        raise ValueError(
            f"multi_gpu_model takes gpus of 2 or more, or a list of as many, not {gpus!r}. For one "
            "device use the model itself."
        )
    warnings.warn(
        "multi_gpu_model: the backends of keras_core compute on one device, so batches are not "
        "shared out. Results are the same.",
        stacklevel=2,
    )
    if count is None:
        return model
    activation = slots.family("layers").built_in["Activation"]
    outputs = model(model.inputs)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    named = [activation("linear", name=name)(x) for x, name in zip(outputs, model.output_names)]
    return slots.family("layers").built_in["Model"](model.inputs, named)
