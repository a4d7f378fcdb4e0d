"""Training on many machines: processes that MPI starts run one script, and share its work.

`mpiexec -n 4 keras-core run train.py` does so for a script as it is; one of its own begins with
`keras_core.distribute.init()`. Then `fit`, `evaluate` and `predict` are called by all processes,
the ranks, on the same data. Each does some rows of each batch, and the result is that of one
process.

For scripts written for Horovod this module has its names: `import keras_core.distribute as hvd`.
With a `DistributedOptimizer` each rank has data and batches of its own, and gradients are averaged.
"""

from __future__ import annotations

from keras_core import namespaces
from keras_core.distribute import callbacks
from keras_core.distribute.callbacks import (
    BroadcastGlobalVariablesCallback,
    LearningRateScheduleCallback,
    LearningRateWarmupCallback,
    MetricAverageCallback,
)
from keras_core.distribute.horovod import (
    Compression,
    DistributedOptimizer,
    allgather,
    allreduce,
    broadcast,
    broadcast_global_variables,
    load_model,
)
from keras_core.distribute.starting import (
    init,
    is_initialized,
    local_rank,
    local_size,
    rank,
    shutdown,
    size,
)

__all__ = [
    "BroadcastGlobalVariablesCallback",
    "Compression",
    "DistributedOptimizer",
    "LearningRateScheduleCallback",
    "LearningRateWarmupCallback",
    "MetricAverageCallback",
    "allgather",
    "allreduce",
    "broadcast",
    "broadcast_global_variables",
    "callbacks",
    "init",
    "is_initialized",
    "load_model",
    "local_rank",
    "local_size",
    "rank",
    "shutdown",
    "size",
]

__dir__ = namespaces.listing(__all__)
