"""Optimizers of an engine's own as some of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable, NoReturn

from keras_core import backend as K
from keras_core.graph import Spec, Variable
from keras_core.graph import primitives as p
from keras_core.optimizers.optimizer import Optimizer
from keras_core.slots import current_backend


class EngineOptimizer(Optimizer):
    """Trains with an optimizer of an engine's own, on the backend that runs the engine.

    Its state belongs to the engine: a model is saved without it.

    Args:
        optimizer: what the engine's backend takes for an optimizer.

    Attributes:
        iterations: variable, the number of the steps made.
    """

    engine: str
    home: str

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self.updates: list[Any] = []
        self._steps: dict[tuple[Variable, ...], Callable[..., Any]] = {}
        self._count_steps()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.optimizer!r})"

    def get_updates(self, loss: Any, params: Sequence[Any]) -> list[Any]:
        """The updates that make one step.

        Args:
            loss: scalar tensor to be made smaller.
            params: variables to be changed.

        Returns:
            List of updates: of the count of steps, and of the variables.

        Raises:
            NotImplementedError: the backend in use cannot run the optimizer.
            ValueError: the loss has no gradient by one of the variables.
        """
        gradients, step = self.get_gradients(loss, params), self._step_for(tuple(params))
        values = p.native(
            *params,
            *gradients,
            fn=step,
            backend=current_backend().name,
            specs=tuple(Spec(x.shape, x.dtype) for x in params),
        )
        self.updates = [K.update_add(self.iterations, 1)]
        for variable, value in zip(params, values):
            self._assign(variable, value)
        return self.updates

    def _step_for(self, params: tuple[Variable, ...]) -> Callable[..., Any]:
        """One step for these variables, which has one state whatever loss it is for."""
        if params not in self._steps:
            backend = current_backend()
            step = backend.step_of(self.optimizer, params)
            if step is None:
                raise NotImplementedError(
                    f"{type(self).__name__}: the backend {backend.name!r} cannot run "
                    f"{self.optimizer!r}, which has to be an optimizer of {self.engine} on the "
                    f"backend {self.home}. Optimizers of keras_core, such as Adam(), run on "
                    "every backend."
                )
            self._steps[params] = step
        return self._steps[params]

    def check_gives_state(self, to: str) -> NoReturn:
        raise NotImplementedError(
            f"{to} needs the whole state of the optimizer, but that of {self!r} belongs to "
            f"{self.engine}. Take an optimizer of keras_core, such as Adam()."
        )

    def get_config(self) -> NoReturn:
        raise NotImplementedError(
            f"{type(self).__name__} has no configuration, since {self.engine}'s optimizer has none "
            "that could be read. Compile the model anew after it was loaded, or use an optimizer "
            "of keras_core."
        )

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> NoReturn:
        raise NotImplementedError(
            f"{cls.__name__} cannot be made of a configuration: write {cls.__name__}(optimizer), "
            f"with an optimizer of {cls.engine}."
        )
