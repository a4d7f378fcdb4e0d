"""What a model is fed: its placeholders, and user's data made to fit them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras_core.engine.compilation.losses import label_count
from keras_core.engine.compilation.objective import ScoredOutput
from keras_core.engine.feeding import arrays as data
from keras_core.graph.spec import has_sizes


class Fed(NamedTuple):
    """Arrays in the order in which a program takes them.

    Attributes:
        x: input arrays.
        y: target arrays.
        weights: arrays of sample weights, empty where all weights are 1.
    """

    x: list[Any]
    y: list[Any]
    weights: list[Any]

    @property
    def arrays(self) -> list[Any]:
        return [*self.x, *self.y, *self.weights]

    @property
    def weighted(self) -> bool:
        return bool(self.weights)

    @property
    def size(self) -> int:
        """The number of samples, 1 where there are no arrays."""
        first = (self.x or self.y or [np.empty(1)])[0]
        return int(first.shape[0])


class InputFeed:
    """The inputs of a model, and arrays for them.

    Args:
        placeholders: input tensors that are fed.
        names: their names.

    Attributes:
        batch_size: the number of samples in a batch, if the inputs say it.
    """

    def __init__(self, placeholders: Sequence[Any], names: Sequence[str]) -> None:
        self.placeholders: list[Any] = list(placeholders)
        self.names: list[str] = list(names)
        self.shapes: list[Any] = [x.shape for x in self.placeholders]
        self.batch_size: Any | None = next((shape[0] for shape in self.shapes if shape), None)

    def arrays_of(self, x: Any) -> list[Any]:
        """Input arrays of the right number, ranks and shapes.

        Raises:
            ValueError: they are not.
        """
        if len(self.shapes) == 1 and fits(x, self.shapes[0]):
            return [x]
        if x is None and self.names:
            raise ValueError(f"There is no x, but the model takes the inputs {self.names}.")
        arrays = data.standardize_input_data(
            x, self.names, self.shapes, check_batch_axis=False, exception_prefix="input"
        )
        absent = [name for name, array in zip(self.names, arrays) if array is None]
        if absent:
            raise ValueError(f"The inputs {absent} are None; give an array for each input.")
        return arrays

    def converted(self, arrays: Sequence[Any]) -> list[Any]:
        """The arrays in the dtypes that are fed."""
        return [data.as_fed(x, placeholder) for x, placeholder in zip(arrays, self.placeholders)]


class TrainingFeed:
    """Inputs, targets and sample weights of a compiled model, and arrays for them.

    Args:
        inputs: the InputFeed.
        scored: outputs that have a loss.
        output_names: names of all outputs, by which weights may be given.
    """

    def __init__(
        self, inputs: InputFeed, scored: Sequence[ScoredOutput], output_names: Sequence[str]
    ) -> None:
        self.inputs = inputs
        fed = [one for one in scored if one.is_fed]
        self.output_names: list[str] = [one.name for one in fed]
        self.all_output_names: list[str] = list(output_names)
        self.targets: list[Any] = [one.target for one in fed]
        self.target_shapes: list[Sequence[Any] | None] = [one.target_shape for one in fed]
        self.sample_weights: list[Any] = [one.sample_weight for one in fed]
        self.sample_weight_modes: list[str | None] = [one.sample_weight_mode for one in fed]
        self.losses: list[Any] = [one.loss for one in fed]
        self.output_shapes: list[Any] = [one.output.shape for one in fed]
        self.label_counts: list[int | None] = [
            label_count(one.loss, one.output.shape) for one in fed
        ]

    def placeholders(self, weighted: bool) -> list[Any]:
        """All placeholders, in the order in which they are fed."""
        weights = self.sample_weights if weighted else []
        return [*self.inputs.placeholders, *self.targets, *weights]

    def arrays_of(self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None) -> Fed:
        """Arrays of the right number, ranks, shapes and lengths.

        Args:
            x: input arrays, as a user gives them.
            y: target arrays, likewise.
            sample_weight: weights of samples, likewise.
            class_weight: weights of classes, likewise.

        Raises:
            ValueError: they do not fit.
        """
        inputs = self.inputs.arrays_of(x)
        targets = self._targets_of(y)
        for name, labels, count in zip(self.output_names, targets, self.label_counts):
            if count is not None:
                data.check_labels(name, labels, count)
        weights = self._weights_of(targets, sample_weight, class_weight)
        data.check_array_length_consistency(inputs, targets, weights)
        if inputs and inputs[0] is not None and not inputs[0].shape[0]:
            raise data.NoSamplesError(
                f"The input arrays have no samples; their shapes are {[a.shape for a in inputs]}."
            )
        targets = [data.as_fed(array, tensor) for array, tensor in zip(targets, self.targets)]
        return Fed(self.inputs.converted(inputs), targets, weights)

    def _targets_of(self, y: Any) -> list[Any]:
        if y is None and self.targets:
            raise data.NoTargetsError(
                f"No targets were given, but the outputs {self.output_names} have losses that need "
                "them; pass y."
            )
        shapes = self.target_shapes
        if len(shapes) == 1 and shapes[0] is not None and fits(y, shapes[0]):
            targets = [y]
        else:
            # A target may be of another shape than its output where the loss says so itself.
            loose = data.standardize_input_data(y, self.output_names, exception_prefix="target")
            targets = [_of_rank(y, tensor) for y, tensor in zip(loose, self.targets)]
            self._check_losses(targets)
            data.check_shapes(targets, self.output_names, shapes, False, "target")
        self._check_losses(targets)
        return targets

    def _check_losses(self, targets: Sequence[Any]) -> None:
        data.check_loss_and_target_compatibility(
            targets, self.losses, self.output_shapes, self.output_names
        )

    def _weights_of(
        self, targets: Sequence[Any], sample_weight: Any, class_weight: Any
    ) -> list[Any]:
        for target, mode in zip(targets, self.sample_weight_modes):
            if mode is not None:
                data.check_mode(target, mode)
        if sample_weight is None and class_weight is None:
            return []
        of_samples = self._of_outputs(data.standardize_sample_weights, sample_weight)
        of_classes = self._of_outputs(data.standardize_class_weights, class_weight)
        if all(weight is None for weight in [*of_samples, *of_classes]):
            return []
        columns = zip(targets, of_samples, of_classes, self.sample_weight_modes)
        return [data.standardize_weights(*column) for column in columns]

    def _of_outputs(self, standardize: Any, weights: Any) -> list[Any]:
        """Weights of the outputs that are fed; lists may have an entry for the others, too."""
        if weights is None:
            return [None] * len(self.output_names)
        all_named = len(self.all_output_names) != len(self.output_names) and (
            isinstance(weights, (list, tuple)) and len(weights) == len(self.all_output_names)
        )
        if all_named:
            by_name = dict(zip(self.all_output_names, weights))
            weights = [by_name[name] for name in self.output_names]
        return standardize(weights, self.output_names)

    def ones(self, fed: Fed) -> list[Any]:
        """The sample weights, written out where they are all 1."""
        return fed.weights or [
            data.standardize_weights(y, sample_weight_mode=mode)
            for y, mode in zip(fed.y, self.sample_weight_modes)
        ]


def _of_rank(y: Any, target: Any) -> Any:
    """Targets `(batch, 1)`, as a column of numbers is given, flat where the output is flat."""
    is_column = getattr(y, "shape", ())[1:] == (1,)
    return y[:, 0] if is_column and len(target.shape) == 1 else y


def fits(array: Any, shape: Sequence[Any]) -> bool:
    """Whether something is a NumPy array of numbers that can be fed as it is."""
    return (
        type(array) is np.ndarray
        and array.ndim == len(shape)
        and array.dtype.kind in "biufc"
        and has_sizes(array.shape[1:], shape[1:])
    )
