"""The K functions under the name of Keras 2's module for NumPy; any backend runs them."""

from __future__ import annotations

from typing import Any

from keras_core import missing
from keras_core.backend._by_engine import named


def __getattr__(name: str) -> Any:
    return named(name, __name__)


missing.explain_names(globals())
