"""What this backend cannot do, told to the conformance kit."""

from __future__ import annotations

from keras_core.plugins import Limitation

_NO_KERNEL = "TensorFlow has no kernel that pools float64 over three axes"

LIMITATIONS: tuple[Limitation, ...] = (
    Limitation("max_pool*_3d/double*", _NO_KERNEL),
    Limitation("avg_pool*_3d/double", _NO_KERNEL),
)
