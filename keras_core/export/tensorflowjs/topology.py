"""A model's configuration as TensorFlow.js takes it: that of Keras 2.3.1, with little changed."""

from __future__ import annotations

import json
from typing import Any

from keras_core.engine.sequential import Sequential
from keras_core.saving.config import KERAS_VERSION, KERNEL_LAYOUT
from keras_core.saving.json_text import json_value

# What only training asks for: there a constraint changes the weights that are loaded, and a layer
# with an activity regularizer does not run.
_OF_TRAINING = ("_constraint", "activity_regularizer")


def topology(model: Any) -> dict[str, Any]:
    """What stands in `modelTopology`."""
    class_name = "Sequential" if isinstance(model, Sequential) else "Model"
    text = json.dumps(model.get_config(), default=json_value)
    config = {"class_name": class_name, "config": _translated(json.loads(text))}
    return {"keras_version": KERAS_VERSION, "backend": KERNEL_LAYOUT, "model_config": config}


def _translated(value: Any) -> Any:
    if isinstance(value, list):
        return [_translated(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: None if key.endswith(_OF_TRAINING) else _translated(item)
        for key, item in value.items()
    }
