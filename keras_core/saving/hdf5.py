"""Whole models, and weights alone, in Keras 2's HDF5 layout."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from keras_core.attempt import Attempt, attempted, memory_limit
from keras_core.graph.hands import held_still
from keras_core.saving import by_path, config, conventions, targets, training, weights, writer
from keras_core.saving.dialects import keras1, numbered
from keras_core.saving.json_text import json_value
from keras_core.saving.safety import safe_mode_scope, telling
from keras_core.utils.io_utils import H5Dict

if TYPE_CHECKING:
    from keras_core.engine.training import Model

# Numbers that a model may ask for beside those of its file: metrics, and layers of other kinds.
_SMALL_NUMBER_OF_NUMBERS = 2**20


def save_model(
    model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True
) -> None:
    """Saves architecture, weights, and when compiled also the state of training.

    A file is replaced as a whole: when saving fails, the old one is still there.

    Args:
        model: Model made of layers and tensors.
        filepath: path, writable binary file, `h5py.Group` or dict.
        overwrite: bool; with False, asks before an existing file is replaced.
        include_optimizer: bool, whether to save the optimizer and its state.

    Raises:
        NotImplementedError: if the model has no configuration, as a subclass with its own `call`.
        ValueError: if `filepath` is of another kind.
    """
    architecture = config.model_config(model)

    def save(store: H5Dict) -> None:
        store["keras_version"] = config.KERAS_VERSION.encode("utf8")
        store["backend"] = config.KERNEL_LAYOUT.encode("utf8")
        text = json.dumps(architecture, default=json_value)
        store["model_config"] = text.encode("utf8")
        with held_still(training.variables_of(model)):
            weights.save_weights(store["model_weights"], model.layers)
            if include_optimizer and training.can_be_saved(model.optimizer):
                training.save_training(store, model)

    targets.write(filepath, save, overwrite, "save_model")


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool | None = None,
    written_on: str | None = None,
) -> Model:
    """Loads a model that `save_model`, or Keras 2, saved.

    Args:
        filepath: path, readable binary file, `h5py.Group` or dict.
        custom_objects: dict from names to classes and functions that are not Keras's own.
        compile: bool, whether to compile the model as it was and restore its optimizer.
        safe_mode: bool; False permits Python code inside the file (in Lambda layers) to run, which
            is for files from a source you trust. By default `saving.safety.safe_mode_scope` says,
            which is True.
        written_on: str, the engine that the model was trained on, 'tensorflow' or 'theano'. Files
            of Keras 2 say it themselves; in those of Keras 1 the names of weights tell it.

    Returns:
        A model; compiled when the saved one was and `compile` is True.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if the file is damaged, holds no model, names an unknown object, or asks
            for more than `saving.safety.memory_scope` allows. It is a ValueError and an OSError.
    """

    def load(store: H5Dict) -> Any:
        architecture = _architecture(store)
        group = numbered.named(store.group("model_weights"))
        engine = writer.engine_of(group, written_on)
        convention = engine if engine in writer.ENGINES else None
        version = writer.version_of(group)
        if writer.is_keras1(group):
            architecture = keras1.with_shared_axes(architecture, weights.shapes(group))
        with attempted(allowed(architecture, weights.survey(group))), safe_mode_scope(safe_mode):
            with telling(store.file, "/model_config", "no model can be made of it"):
                model = config.model_from_config(
                    architecture, custom_objects, safe_mode, version, convention
                )
            with telling(store.file, "/model_weights", "the weights cannot be loaded"):
                weights.load_weights(group, model.layers, written_on=written_on)
            if compile:
                training.load_training(store, model, custom_objects, engine)
        writer.warn_of(writer.doubt(group, model.layers, written_on))
        return model

    return targets.read(filepath, load, "load_model")


def _architecture(store: H5Dict) -> Any:
    if "model_config" not in store:
        raise store.wrong(
            "it holds no model_config, so it is no saved model. If it holds weights alone, make "
            "the model first and call model.load_weights."
        )
    return weights.read_json(store, "model_config")


def allowed(architecture: Any, numbers: float) -> Attempt:
    """What a file of so many numbers may take: each of its weights, and a little for converting.

    Args:
        architecture: the configuration in the file.
        numbers: the numbers in its weights.
    """
    allowed = memory_limit(2 * numbers + _SMALL_NUMBER_OF_NUMBERS)
    calls = config.calls_for(architecture)
    return Attempt(allowed, calls, f"a file with {numbers:,} numbers", defers=True)


@targets.by_one_rank
def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Saves the weights of a model.

    Args:
        model: Model.
        filepath: path, writable binary file, `h5py.Group` or dict.
        overwrite: bool; with False, asks before an existing file is replaced.
    """

    def save(store: H5Dict) -> None:
        weights.save_weights(store, model.layers)

    targets.write(filepath, save, overwrite, "save_weights")


def load_weights(
    model: Any,
    filepath: Any,
    by_name: bool = False,
    skip_mismatch: bool = False,
    reshape: bool = False,
    written_on: str | None = None,
) -> None:
    """Loads the weights of a model; all of them or, after an error, none.

    Args:
        model: Model.
        filepath: path, readable binary file, `h5py.Group` or dict, of weights or of a whole model.
        by_name: bool; with True, weights go to the layers of the same name, otherwise to the layers
            in order.
        skip_mismatch: bool; with `by_name`, whether to pass over layers whose weights don't fit.
        reshape: bool, whether a kernel of another shape and equal size is reshaped.
        written_on: str, the engine that the file was written on, where it does not say.

    Raises:
        OSError: if there is no such file.
        ModelFileError: if the file is damaged, or its weights do not fit the model. It is a
            ValueError and an OSError.
    """

    def load(store: H5Dict) -> None:
        group = store
        if "layer_names" not in store and "model_weights" in store:
            group = store.group("model_weights")
        group = numbered.named(group)
        with telling(store.file, None, f"its weights cannot be loaded into model {model.name}"):
            if by_path.is_by_path(group):
                load_by_path(group, model, by_name)
                return
            # All is read before anything is changed.
            doubt = writer.doubt(group, model.layers, written_on)
            changed = conventions.to_change(model, group, by_name, written_on)
            if by_name:
                weights.load_weights_by_name(
                    group, model.layers, skip_mismatch, reshape, written_on
                )
            else:
                weights.load_weights(group, model.layers, reshape, written_on)
            conventions.follow(model, changed)
        writer.warn_of(doubt)

    targets.read(filepath, load, f"load_weights of {model.name}")


def load_by_path(store: H5Dict, model: Any, by_name: bool) -> None:
    """Loads weights that stand by the path of their layer.

    Args:
        store: H5Dict.
        model: Model.
        by_name: bool, which is refused where it is True.

    Raises:
        ValueError: if the file is damaged, or its weights do not fit.
    """
    if by_name:
        raise ValueError(
            "it has its weights by the path of their layer, as later Keras writes them, not by "
            "name. Load it without by_name into a model of the same layers."
        )
    by_path.load_weights(store, model)
