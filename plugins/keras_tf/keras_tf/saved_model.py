"""Models as SavedModels, which TensorFlow serves without keras_core, and as TFLite models."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from keras_core.plugins import load_backend
from keras_core.plugins.authoring import optimize, program_of
from keras_tf.compiled import lowered, state_of, traced
from keras_tf.interop import held
from keras_tf.specs import tensor_spec


class Served(tf.Module):
    """The inference of a model as a TensorFlow function, with the variables that it reads.

    Args:
        model: a model whose inputs are known.
        batch_size: fixed number of samples; None leaves it open.
    """

    def __init__(self, model: Any, batch_size: int | None = None) -> None:
        super().__init__()
        self._backend = load_backend("tensorflow")
        program = optimize(program_of(model, phase=0), phase=0)
        shapes = batch_size and [(batch_size, *x.shape[1:]) for x in program.inputs]
        self._program = lowered(program, self._backend.lowerings, shapes or None)
        self.held = [held(v, self._backend) for v in self._program.variables]
        inputs = _identifiers(model.input_names)
        self.outputs = _identifiers(model.output_names)
        self.input_signature = [
            tensor_spec(x.spec, name) for x, name in zip(self._program.inputs, inputs)
        ]
        self.serve = tf.function(
            self._named_outputs, input_signature=self.input_signature, autograph=False
        )

    def _named_outputs(self, *tensors: tf.Tensor) -> Mapping[str, tf.Tensor]:
        """The outputs by the names of the output layers."""
        state = [state_of((0, 0))] if self._program.is_random else []
        results = traced(self._backend, self._program, [*tensors, *state])
        return dict(zip(self.outputs, results))


def to_saved_model(model: Any, path: str | os.PathLike[str]) -> None:
    """Writes a SavedModel for TensorFlow, TensorFlow Serving and TFLite.

    The signature `serving_default` (and the function `serve` of what `tf.saved_model.load` gives)
    takes the inputs and returns the outputs by the names of their layers, in which characters other
    than letters, digits and `_` have become `_`. Batches may have any size that the inputs allow.

    Args:
        model: a model of keras_core whose inputs are known.
        path: the folder to write.

    Raises:
        ValueError: the model has not met its inputs yet.
    """
    served = Served(model)
    tf.saved_model.save(served, os.fspath(path), signatures={"serving_default": served.serve})


def to_tflite(
    model: Any,
    batch_size: int | None = None,
    optimizations: Sequence[Any] = (),
    representative_dataset: Any = None,
) -> bytes:
    """Converts a model for TFLite.

    Operations that TFLite lacks are left to TensorFlow's, which the interpreter then must have.
    Those are loops (recurrent layers) for batches of any size; with a fixed one TFLite has all.

    Args:
        model: a model of keras_core whose inputs are known.
        batch_size: fixed number of samples; None leaves it open.
        optimizations: as TensorFlow's converter takes them: `[tf.lite.Optimize.DEFAULT]` quantizes.
        representative_dataset: function that yields lists of input arrays, for quantization.

    Returns:
        The content of a `.tflite` file.

    Raises:
        ValueError: the model has not met its inputs yet.
    """
    served = Served(model, batch_size)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [served.serve.get_concrete_function()], served
    )
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.TFLITE_BUILTINS,
        tf.lite.OpsSet.SELECT_TF_OPS,
    ]
    converter.optimizations = list(optimizations)
    if representative_dataset is not None:
        converter.representative_dataset = representative_dataset
    return converter.convert()


def _identifiers(names: Sequence[str]) -> list[str]:
    return [re.sub(r"\W", "_", name) for name in names]
