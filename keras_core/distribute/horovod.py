"""What Horovod's scripts call, with its meaning: each rank has data of its own.

(Sergeev and Del Balso, "Horovod: fast and easy distributed deep learning in TensorFlow", 2018.)
"""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core import backend as K
from keras_core import ranks
from keras_core.graph import primitives as p


class Compression:
    """Ways to send gradients that Horovod has; here all are sent as they are.

    Example:
        >>> sgd = optimizers.SGD(0.1)
        >>> distribute.DistributedOptimizer(sgd, compression=distribute.Compression.fp16) is sgd
        True
    """

    none = "none"
    fp16 = "fp16"


def DistributedOptimizer(
    optimizer: Any,
    name: str | None = None,
    device_dense: str = "",
    device_sparse: str = "",
    compression: Any = Compression.none,
    sparse_as_dense: bool = False,
) -> Any:
    """Says that each rank has batches of its own, whose gradients are averaged over all ranks.

    From now on a run is not shared: `fit`, `evaluate` and `predict` do all rows that they are
    given, losses and metrics are those of the rank, each rank prints and writes for itself, and
    shuffles in its own way.

    Args:
        optimizer: an optimizer, whose gradients are averaged in any case.
        name, device_dense, device_sparse, compression, sparse_as_dense: taken for Horovod's
            scripts; without effect.

    Returns:
        The optimizer.

    Example:
        >>> optimizer = optimizers.SGD(0.1 * distribute.size())
        >>> distribute.DistributedOptimizer(optimizer) is optimizer
        True
    """
    world = ranks.current()
    if world.size > 1 and world.shares_runs:
        world.shares_runs = False
        if world.rank:
            sys.stdout = sys.__stdout__
            random.seed(random.getrandbits(32) + world.rank)
            np.random.seed((np.random.randint(2**31) + world.rank) % 2**32)
    return optimizer


def allreduce(value: Any, name: str | None = None, average: bool = True) -> Any:
    """The mean of a value over all ranks.

    Args:
        value: array-like or tensor of equal shape on all ranks.
        name: without effect.
        average: False gives the sum.

    Returns:
        An array of the value's shape, or a tensor.

    Example:
        >>> distribute.allreduce(np.array([1.0, 2.0])).tolist()  # a process that is alone
        [1.0, 2.0]
    """
    world = ranks.current()
    sums = p.all_reduce(value) if K.is_tensor(value) else world.sums([np.asarray(value)])
    return sums[0] / world.size if average else sums[0]


def allgather(value: Any, name: str | None = None) -> np.ndarray:
    """The rows of all ranks' arrays `(rows, ...)`, one rank after the other.

    Example:
        >>> distribute.allgather(np.ones((2, 3))).shape == (2 * distribute.size(), 3)
        True
    """
    return ranks.current().joined(np.asarray(value))


def broadcast(value: Any, root_rank: int, name: str | None = None) -> Any:
    """One rank's value, on all ranks.

    Example:
        >>> distribute.broadcast("as rank 0 has it", root_rank=0)
        'as rank 0 has it'
    """
    return ranks.current().from_rank(root_rank, value)


def broadcast_global_variables(root_rank: int, variables: Any = ()) -> None:
    """Gives variables the values that they have on one rank.

    Args:
        root_rank: the rank.
        variables: the variables, `model.weights` for instance.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> distribute.broadcast_global_variables(0, model.weights)
    """
    variables = list(variables)
    values = ranks.current().from_rank(root_rank, K.batch_get_value(variables))
    K.batch_set_value(list(zip(variables, values)))


def load_model(
    filepath: Any,
    custom_optimizers: Any = None,
    custom_objects: Mapping[str, Any] | None = None,
    compression: Any = Compression.none,
) -> Any:
    """Loads a model, and makes its optimizer a `DistributedOptimizer`.

    Args:
        filepath: path of the file.
        custom_optimizers: list of optimizers' classes that are not Keras's own.
        custom_objects: dict from names to other such classes and functions.
        compression: without effect.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
        >>> model.compile("sgd", "mse")
        >>> model.save("model.h5")
        >>> type(distribute.load_model("model.h5").optimizer).__name__
        'SGD'
    """
    from keras_core.saving.files import load_model as load

    named = {cls.__name__: cls for cls in custom_optimizers or ()}
    model = load(filepath, {**named, **(custom_objects or {})})
    DistributedOptimizer(model.optimizer)
    return model
