"""BackupAndRestore: training that is broken off and goes on as if it had not been."""

from __future__ import annotations

import os
from typing import Any

from keras_core.callbacks.base import Callback, check_path


class BackupAndRestore(Callback):
    """Keeps the state of training in a file, from which a run that was broken off goes on.

    `fit` begins with the file, if there is one, and removes it when training ends as it should. The
    state is that of the model, its optimizer and metrics, of the random generators of NumPy, Python
    and this package, of the order of the samples, and of the callbacks (`Callback.get_state`). A
    program that is started again the same way thus arrives at the weights of a run that nothing
    broke, to the last bit where the engine repeats what it computes. A generator is drawn from
    again up to the batch where the run goes on; a Sequence hears of the ends of the epochs that it
    has missed.

    Args:
        path: path of the file.
        every: `'epoch'`, or a number of batches between two backups.

    Raises:
        TypeError: `path` is no path, or `every` nothing of that.
        ValueError: `every` is less than 1, or `path` a folder.

    Example:
        >>> model = models.Sequential([layers.Dense(1, input_shape=(1,))])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.ones((8, 1)), np.ones((8, 1))
        >>> keep = callbacks.BackupAndRestore("run.backup")  # a run that breaks off goes on from it
        >>> history = model.fit(x, y, epochs=3, verbose=0, callbacks=[keep])
        >>> history.epoch
        [0, 1, 2]
    """

    def __init__(self, path: Any, every: str | int = "epoch") -> None:
        super().__init__()
        check_path("BackupAndRestore: path", path)
        if os.path.isdir(path):
            raise ValueError(
                f"BackupAndRestore: {os.fspath(path)} is a folder; give the path of a file in it."
            )
        if every != "epoch" and (isinstance(every, bool) or not isinstance(every, int)):
            raise TypeError(
                f"BackupAndRestore: every is {every!r}; write 'epoch', or a number of batches."
            )
        if every != "epoch" and int(every) < 1:
            raise ValueError(f"BackupAndRestore: every is {every}; give at least 1 batch.")
        self.path: str = os.fspath(path)
        self.every = every
        if every != "epoch":
            # Somebody watches batches then, so that they are done one by one.
            self.on_batch_end = _watch  # type: ignore[method-assign, assignment]


def _watch(*_: Any) -> None:
    """Has nothing to do: the loop keeps the state when all callbacks have heard of the batch."""
