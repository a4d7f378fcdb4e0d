"""What the PyTorch backend cannot do, each with its reason."""

from __future__ import annotations

from keras_core.plugins import Limitation

LIMITATIONS: tuple[Limitation, ...] = ()
