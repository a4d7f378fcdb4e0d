"""What this backend cannot do, told to the conformance kit."""

from __future__ import annotations

from keras_core.plugins import Limitation

LIMITATIONS: tuple[Limitation, ...] = ()
