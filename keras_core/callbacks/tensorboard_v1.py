"""TensorBoard, under one of the two module paths that Keras 2 has for it."""

from __future__ import annotations

from keras_core.callbacks.tensorboard import TensorBoard

__all__ = ["TensorBoard"]
