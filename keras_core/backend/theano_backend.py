"""The K functions under the name of Keras 2's module for Theano; any backend runs them.

Where that module had a function of its own, or another name for an argument, so has this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core import graph, missing
from keras_core.backend import variables
from keras_core.backend._by_engine import named
from keras_core.backend._ctc_of_one import (
    ctc_cost,
    ctc_create_skip_idxs,
    ctc_interleave_blanks,
    ctc_path_probs,
    ctc_update_log_p,
)
from keras_core.backend.function import function as compiled
from keras_core.backend.naming import open_scopes

__all__ = [
    "Function",
    "batch_get_value",
    "ctc_cost",
    "ctc_create_skip_idxs",
    "ctc_interleave_blanks",
    "ctc_path_probs",
    "ctc_update_log_p",
    "function",
    "moving_average_update",
]


class Function(graph.Function):
    """What `function` makes.

    Args:
        inputs: tensors whose values are fed.
        outputs: tensors to compute.
        updates: pairs of a variable and its new value.
        name: for messages.
        kwargs: `jit_compile`, as for `K.function`; nothing else.
    """

    def __init__(
        self,
        inputs: Any,
        outputs: Any,
        updates: Any = [],  # noqa: B006  (read alone, and as in Keras 2)
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(inputs, outputs, updates, name, **kwargs)

    def __call__(self, inputs: Sequence[Any]) -> list[np.ndarray]:
        return super().__call__(inputs)


def function(inputs: Any, outputs: Any, updates: Any = [], **kwargs: Any) -> Any:  # noqa: B006
    """Does what `K.function` does."""
    return compiled(inputs, outputs, updates, **kwargs)


def batch_get_value(xs: Sequence[Any]) -> list[np.ndarray]:
    """Does what `K.batch_get_value` does."""
    return variables.batch_get_value(xs)


def moving_average_update(variable: Any, value: Any, momentum: Any) -> Any:
    """Does what `K.moving_average_update` does."""
    return variables.moving_average_update(variable, value, momentum)


if TYPE_CHECKING:  # a checker knows the K functions alone
    import keras_core.backend as functions
    from keras_core.backend import *  # type: ignore[assignment]  # noqa: F403

    __all__ += functions.__all__
else:

    def __getattr__(name: str) -> Any:
        return open_scopes() if name == "NAME_SCOPE_STACK" else named(name, __name__)


missing.explain_names(globals())
