"""Dtypes of the graph, which are named, as PyTorch's."""

from __future__ import annotations

from functools import cache

import torch

from keras_core.plugins.authoring import checked_dtype


@cache
def dtype_of(name: str) -> torch.dtype:
    """PyTorch's dtype of a name."""
    return getattr(torch, name)


@cache
def name_of(dtype: torch.dtype) -> str:
    """The name of a dtype of PyTorch's.

    Raises:
        TypeError: the graph has no such dtype.
    """
    return checked_dtype(str(dtype).partition(".")[2])
