"""What other writers' configurations are in the words of Keras 2.3.1.

A dialect is a module with two functions: `wrote(config, version)` says whether a configuration is
its own, `translated(config)` gives the same model in 2.3.1's words. Everything after them (making
layers, placing weights, compiling) knows one language.
"""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

from keras_core.saving.dialects import keras1, keras3, tf_keras, theano
from keras_core.saving.dialects._words import class_name

__all__ = ["class_name", "is_later", "translated"]

# In the order in which they are asked; each translates into the words of those after it.
_DIALECTS: tuple[ModuleType, ...] = (keras3, tf_keras, keras1)


def is_later(version: str | None) -> bool:
    """Whether a version that a file names is of tf.keras, tf-keras or Keras 3."""
    return version is not None and bool(re.match(r"2\.([4-9]|\d\d)|.*-tf|[3-9]", version))


def translated(
    config: dict[str, Any], version: str | None = None, written_on: str | None = None
) -> dict[str, Any]:
    """The configuration of a model or layer as Keras 2.3.1 would have written it.

    Args:
        config: dict with class_name and config.
        version: str, the version that the file names as its writer's; None where it names none.
        written_on: str, the engine that the model was trained on; None where nothing says it.
    """
    for dialect in _DIALECTS:
        if dialect.wrote(config, version):
            config = dialect.translated(config)
    return theano.translated(config) if written_on == "theano" else config
