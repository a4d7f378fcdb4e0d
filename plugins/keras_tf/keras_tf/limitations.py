"""What this backend cannot do, told to the conformance kit."""

from __future__ import annotations

from typing import Tuple

from keras_core.plugins import Limitation

LIMITATIONS: Tuple[Limitation, ...] = ()
