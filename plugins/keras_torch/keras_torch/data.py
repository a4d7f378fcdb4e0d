"""`torch.utils.data` as batches of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

# As many samples as fit puts into a batch of arrays that nobody sets a size for.
BATCH_SIZE = 32


def batches_of(value: Any) -> LoaderBatches | None:
    """The batches of a `DataLoader`, or of a `Dataset` in its order; None for all else."""
    if isinstance(value, DataLoader):
        return LoaderBatches(value)
    if isinstance(value, Dataset):
        return LoaderBatches(DataLoader(value, batch_size=BATCH_SIZE))
    return None


class LoaderBatches:
    """The batches of a data loader; each iteration is an epoch.

    Args:
        loader: of batches: `x`, `(x, y)` or `(x, y, sample_weight)`.
    """

    def __init__(self, loader: DataLoader) -> None:
        self.loader = loader

    def __iter__(self) -> Iterator[Any]:
        for batch in self.loader:
            parts = [*map(_as_arrays, batch)] if isinstance(batch, (tuple, list)) else None
            yield (
                _as_arrays(batch)
                if parts is None
                else parts[0]
                if len(parts) == 1
                else tuple(parts)
            )

    def __len__(self) -> int:
        """The number of batches.

        Raises:
            ValueError: the data set does not know it.
        """
        try:
            return len(self.loader)
        except TypeError as error:
            raise ValueError(
                "The data set of the DataLoader has no length: give the number of batches in an "
                "epoch (steps_per_epoch in fit, validation_steps, steps), or define its __len__."
            ) from error


def _as_arrays(part: Any) -> Any:
    """Tensors of a batch as arrays, also within lists and dictionaries."""
    if isinstance(part, torch.Tensor):
        return part.detach().cpu().numpy()
    if isinstance(part, Mapping):
        return {name: _as_arrays(value) for name, value in part.items()}
    return [*map(_as_arrays, part)] if isinstance(part, (tuple, list)) else part
