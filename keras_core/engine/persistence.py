"""A network's ways out of the program: files, text, pickles, and its table of layers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Callable

from keras_core.unbroken import ends_heard


class Persistence:
    """The part of a network that is saved, loaded and printed."""

    name: str
    built: bool
    _require_graph: Callable[[str], None]

    def save(self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Saves architecture, weights, and when compiled also the state of training.

        Args:
            filepath: path, open binary file, `h5py.Group` or dict.
            overwrite: bool; with False, asks before an existing file is replaced.
            include_optimizer: bool, whether to save the optimizer and its state.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
            >>> model.compile("adam", "mse")
            >>> model.save("model.h5")
            >>> models.load_model("model.h5").loss
            'mse'
        """
        from keras_core.engine import saving

        self._require_graph("configuration to be saved")
        saving.save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Saves the weights alone.

        Args:
            filepath: path, open binary file, `h5py.Group` or dict.
            overwrite: bool; with False, asks before an existing file is replaced.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
            >>> before = model.get_weights()
            >>> model.save_weights("weights.h5")
            >>> model.set_weights([np.ones((2, 1)), np.ones(1)])
            >>> model.load_weights("weights.h5")
            >>> bool((model.get_weights()[0] == before[0]).all())
            True
        """
        from keras_core.saving import hdf5

        hdf5.save_weights(self, filepath, overwrite)

    @ends_heard()
    def load_weights(
        self,
        filepath: Any,
        by_name: bool = False,
        skip_mismatch: bool = False,
        reshape: bool = False,
        written_on: str | None = None,
    ) -> None:
        """Loads weights from a file, all or none.

        Args:
            filepath: path, open binary file, `h5py.Group` or dict, of weights or a whole model.
            by_name: bool; with True, weights go to the layers of the same name, otherwise to the
                layers in order.
            skip_mismatch: bool; with `by_name`, whether to pass over layers that don't fit.
            reshape: bool, whether a kernel of another shape and equal size is reshaped.
            written_on: str, the engine that the file was written on, 'tensorflow' or 'theano',
                where it does not say it. In a model from Theano, layers with padding "same" follow
                its convention from then on.

        Raises:
            OSError: if there is no such file.
            ValueError: if the file is damaged, or its weights do not fit the model.

        Example:
            >>> def net():
            ...     return models.Sequential([layers.Dense(1, input_shape=(2,))])
            >>> first, second = net(), net()
            >>> first.save_weights("weights.h5")
            >>> second.load_weights("weights.h5")
            >>> bool((first.get_weights()[0] == second.get_weights()[0]).all())
            True
        """
        from keras_core.saving import archive, files, hdf5

        if files.is_archive(filepath):
            archive.load_weights(self, filepath, by_name)
        else:
            hdf5.load_weights(self, filepath, by_name, skip_mismatch, reshape, written_on)

    def _updated_config(self) -> dict[str, Any]:
        from keras_core.saving import config

        return config.model_config(self, versions=True)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON text.

        Args:
            **kwargs: passed to `json.dumps`.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
            >>> models.model_from_json(model.to_json()).input_shape  # the weights are new
            (None, 2)
        """
        from keras_core.saving.json_text import json_value

        return json.dumps(self._updated_config(), default=json_value, **kwargs)

    def to_yaml(self, **kwargs: Any) -> str:
        """The architecture as YAML text.

        Args:
            **kwargs: passed to `yaml.dump`.

        Example:
            >>> model = models.Sequential([layers.Dense(1, input_shape=(2,))])
            >>> models.model_from_yaml(model.to_yaml()).input_shape  # the weights are new
            (None, 2)
        """
        from keras_core.saving.yaml_text import to_yaml

        return to_yaml(self._updated_config(), **kwargs)

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        cost: bool = False,
    ) -> None:
        """Prints a table of the layers.

        Args:
            line_length: int, characters a line; on a terminal as many as names need by default.
            positions: list of column ends, in characters or as fractions of the line.
            print_fn: function of one line; `print` by default.
            expand_nested: bool, whether the layers of models in the model are listed, too.
            cost: bool, whether two columns say what each layer costs for one sample: the products
                that it adds up, and the bytes that its weights and outputs take. `?` where that
                depends on a size that is not known; `utils.print_summary` says what counts.

        Raises:
            ValueError: if the model has no weights yet.

        Example:
            >>> model = models.Sequential([layers.Dense(8, input_shape=(4,), name="hidden")])
            >>> lines = []
            >>> model.summary(line_length=60, print_fn=lines.append)
            >>> [line.split() for line in lines if line.startswith("hidden")]
            [['hidden', '(Dense)', '(None,', '8)', '40']]
        """
        from keras_core.utils.layer_utils import print_summary

        if not self.built:
            raise ValueError(
                f"Model {self.name} is not built, so its layers have no shapes to print. Give the "
                "first layer an input_shape, call build(input_shape), or fit it on data."
            )
        print_summary(self, line_length, positions, print_fn, expand_nested, cost)

    def _repr_html_(self) -> str | None:
        """What a notebook shows of the model: its summary, once it has weights."""
        from keras_core.utils.layer_utils import summary_html

        return summary_html(self) if self.built else None

    def __getstate__(self) -> Any:
        from keras_core.engine import saving

        return saving.pickle_model(self)

    def __setstate__(self, state: Any) -> None:
        from keras_core.engine import saving

        self.__dict__ = saving.unpickle_model(state).__dict__
