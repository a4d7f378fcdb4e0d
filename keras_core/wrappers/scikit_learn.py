"""Models as estimators of scikit-learn, which works with them and is not needed by them."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_core import namespaces
from keras_core.callbacks import History
from keras_core.engine.network import Network
from keras_core.engine.sequential import Sequential
from keras_core.engine.training import Model
from keras_core.utils.generic_utils import has_arg
from keras_core.utils.np_utils import to_categorical

__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor"]

__dir__ = namespaces.listing(__all__)

# What a parameter may be meant for, besides the function that builds the model.
_METHODS = (Sequential.fit, Sequential.predict, Sequential.predict_classes, Sequential.evaluate)

# Keras 1's name of `epochs`, which `fit` takes still.
_OLD_NAMES = ("nb_epoch",)


class BaseWrapper:
    """What the classifier and the regressor share.

    Args:
        build_fn: function or object that returns a compiled model when it is called; None for a
            subclass that has `__call__`.
        **sk_params: arguments of `build_fn`, and of the model's `fit`, `predict` and `evaluate`.

    Raises:
        ValueError: a parameter that none of them takes.

    Example:
        >>> from keras_core.wrappers.scikit_learn import BaseWrapper
        >>> def build(units=4):
        ...     return models.Sequential([layers.Dense(units, input_shape=(2,))])
        >>> wrapper = BaseWrapper(build, units=8, epochs=3)
        >>> wrapper.get_params()["units"], wrapper.filter_sk_params(models.Sequential.fit)
        (8, {'epochs': 3})
    """

    def __init__(self, build_fn: Any = None, **sk_params: Any) -> None:
        self.build_fn: Any = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def check_params(self, params: Mapping[str, Any]) -> None:
        """Refuses names that neither the builder nor a method of a model takes.

        Args:
            params: parameters by name.

        Raises:
            ValueError: naming the parameter.
        """
        takers: list[Any] = [*_METHODS]
        if self._builder() is not None:
            takers.append(self._signature())
        for name in params:
            if name not in _OLD_NAMES and not any(has_arg(taker, name) for taker in takers):
                raise ValueError(
                    f"{name} is not a legal parameter of {type(self).__name__}: neither the "
                    "function that builds the model takes it, nor a model's fit, predict or "
                    "evaluate."
                )

    def _builder(self) -> Any:
        """What makes the model when it is called; None if nothing does."""
        builder = self if self.build_fn is None else self.build_fn
        return builder if callable(builder) else None

    def _signature(self) -> Any:
        builder = self._builder()
        plain = inspect.isroutine(builder) or inspect.isclass(builder)
        return builder if plain else builder.__call__

    def _built(self) -> Any:
        if self._builder() is None:
            raise AttributeError(
                f"{type(self).__name__} object has no attribute '__call__', and build_fn is "
                f"{self.build_fn!r}. Write build_fn=f, where f returns a compiled model."
            )
        if isinstance(self.build_fn, Network):
            raise TypeError(
                f"{type(self).__name__}: build_fn is the model {self.build_fn.name}, but has to be "
                "a function that builds one, compiled, since each fit trains a new model."
            )
        model = self._builder()(**self.filter_sk_params(self._signature()))
        if not hasattr(model, "fit"):
            raise AttributeError(
                f"{type(self).__name__}: build_fn returned {model!r}, which has no fit. "
                "It has to end with return model, a compiled one."
            )
        return model

    def get_params(self, deep: bool = True, **params: Any) -> dict[str, Any]:
        """The parameters by name, `build_fn` among them.

        Args:
            deep: bool, as scikit-learn passes it; parameters have none of their own.
            **params: ignored.
        """
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> BaseWrapper:
        """Sets parameters.

        Args:
            **params: parameters by name.

        Returns:
            The wrapper itself.

        Raises:
            ValueError: an unknown parameter; then none is set.
        """
        self.check_params({name: params[name] for name in params if name != "build_fn"})
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def filter_sk_params(
        self, fn: Any, override: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The parameters that a function takes.

        Args:
            fn: function.
            override: arguments that go before the parameters.
        """
        taken = {name: value for name, value in self.sk_params.items() if has_arg(fn, name)}
        return {**taken, **(override or {})}

    def fit(self, x: Any, y: Any, **kwargs: Any) -> History:
        """Builds a new model and trains it.

        Args:
            x: array `(samples, ...)`, or whatever the model takes.
            y: array `(samples,)` or `(samples, outputs)`.
            **kwargs: arguments of the model's `fit`.

        Returns:
            The History of the training.

        Raises:
            ValueError: data that do not fit.
        """
        x, y = _inputs(x), _checked_targets(self, y)
        self._remember_features(x)
        self.model: Model = self._built()
        given = self.filter_sk_params(Sequential.fit)
        given.update({name: self.sk_params[name] for name in _OLD_NAMES if name in self.sk_params})
        # A run may change what it is given, such as callbacks; the parameters stay as they are.
        arguments = {**copy.copy(given), **kwargs}
        return self.model.fit(x, self._targets(y), **arguments)

    def _targets(self, y: Any) -> Any:
        """What the model is trained with: one column a class where its loss wants that."""
        name = self.model.loss if isinstance(self.model.loss, str) else _name(self.model.loss)
        if name == "categorical_crossentropy" and np.ndim(y) != 2:
            return to_categorical(y)
        return y

    def _remember_features(self, x: Any) -> None:
        shape: tuple[int, ...] = getattr(x, "shape", ())
        names = getattr(x, "columns", ())
        for attribute in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(attribute, None)
        if len(shape) == 2:
            self.n_features_in_: int = shape[1]
        if len(names) and all(isinstance(name, str) for name in names):
            self.feature_names_in_: np.ndarray = np.asarray(names, dtype=object)

    def _features(self, x: Any) -> Any:
        """What the model is fed, if it has the number of features that `fit` saw."""
        self._check_fitted()
        x = _inputs(x)
        wanted: int | None = getattr(self, "n_features_in_", None)
        shape: tuple[int, ...] = getattr(x, "shape", ())
        if wanted is not None and len(shape) == 2 and shape[1] != wanted:
            raise ValueError(
                f"X has {shape[1]} features, but {type(self).__name__} is expecting {wanted} "
                "features as input."
            )
        return x

    def _check_fitted(self) -> None:
        if not hasattr(self, "model"):
            raise _not_fitted()(
                f"This {type(self).__name__} has no model yet: call fit before predict and score."
            )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=getattr(self, "_estimator_type", None),
            target_tags=TargetTags(required=True, multi_output=True),
            input_tags=InputTags(sparse=True, allow_nan=True, three_d_array=True),
            non_deterministic=True,
        )


def _inputs(x: Any) -> Any:
    """Rows in lists as an array; arrays, and lists or dicts of several, as they are."""
    several = isinstance(x, dict) or (isinstance(x, list) and len(x) and hasattr(x[0], "shape"))
    if not (several or hasattr(x, "shape")) or (hasattr(x, "__array__") and not _is_known(x)):
        x = np.asarray(x)
    shape = getattr(x, "shape", None)
    if shape is not None and 0 in shape:
        lacking = "sample(s)" if shape[0] == 0 else "feature(s)"
        raise ValueError(
            f"Found array with 0 {lacking} (shape={tuple(shape)}) while a minimum of 1 is required."
        )
    if getattr(getattr(x, "dtype", None), "kind", "") == "c":
        raise ValueError("Complex data not supported: give real and imaginary parts as features.")
    return x


def _is_known(x: Any) -> bool:
    """Whether a model takes it as it is: arrays, and tables with columns."""
    return isinstance(x, np.ndarray) or hasattr(x, "columns") or hasattr(x, "iloc")


def _checked_targets(wrapper: Any, y: Any) -> Any:
    if y is None:
        raise ValueError(
            f"{type(wrapper).__name__} requires y to be passed, but the target y is None."
        )
    values = np.asarray(y)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ValueError("Input y contains NaN or infinity: leave those samples out.")
    return y if hasattr(y, "shape") and _is_known(y) else values


def _name(loss: Any) -> str:
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", ""))


def _not_fitted() -> type[Exception]:
    """scikit-learn's own error where it is installed, which is an AttributeError as well."""
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return AttributeError
    return NotFittedError


class KerasClassifier(BaseWrapper):
    """A model as a classifier: it learns labels of any kind, and predicts them.

    The attribute `classes_` has the labels in order, `model` the model of the last `fit`.

    Example:
        >>> from keras_core.wrappers.scikit_learn import KerasClassifier
        >>> def build(units=4):
        ...     model = models.Sequential([layers.Dense(units, input_shape=(2,))])
        ...     model.add(layers.Dense(1, activation="sigmoid"))
        ...     model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        ...     return model
        >>> classifier = KerasClassifier(build, units=8, epochs=2, verbose=0)
        >>> _ = classifier.fit(np.zeros((10, 2)), np.arange(10) % 2)
        >>> classifier.predict(np.zeros((4, 2))).shape, classifier.classes_.tolist()
        ((4,), [0, 1])
    """

    _estimator_type = "classifier"

    def fit(self, x: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> History:
        """Builds a new model and trains it.

        Args:
            x: array `(samples, ...)`, or whatever the model takes.
            y: labels, an array `(samples,)` or `(samples, 1)`, or one column a class.
            sample_weight: array `(samples,)`, or None.
            **kwargs: arguments of the model's `fit`.

        Returns:
            The History of the training.

        Raises:
            ValueError: labels of another shape.
        """
        y = np.asarray(_checked_targets(self, y))
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_: np.ndarray = np.arange(y.shape[1])
        elif y.ndim in (1, 2):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(
                f"Invalid shape for y: {y.shape}. KerasClassifier takes labels of shape "
                "(samples,), or (samples, classes) with one column a class."
            )
        self.n_classes_: int = len(self.classes_)
        if sample_weight is not None:
            kwargs["sample_weight"] = np.asarray(sample_weight)
        return super().fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The likeliest label of each sample.

        Args:
            x: array `(samples, ...)`, or whatever the model takes.
            **kwargs: arguments of the model's `predict`.

        Returns:
            Array `(samples,)` of labels out of `classes_`.
        """
        places = np.argmax(self.predict_proba(x, **kwargs), axis=1)
        return self.classes_[places]

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The probability of each class.

        Args:
            x: array `(samples, ...)`, or whatever the model takes.
            **kwargs: arguments of the model's `predict`.

        Returns:
            Array `(samples, classes)`, two columns where the model has one output.
        """
        x = self._features(x)
        found = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        one_sided = found.shape[1] == 1 and len(self.classes_) > 1
        return np.hstack([1 - found, found]) if one_sided else found

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The accuracy of the predictions, as the model's own metric measures it.

        Args:
            x: array `(samples, ...)`, or whatever the model takes.
            y: labels, as for `fit`.
            **kwargs: arguments of the model's `evaluate`.

        Raises:
            ValueError: the model was compiled without accuracy, or a label is none of `classes_`.
        """
        x = self._features(x)
        given = self.filter_sk_params(Sequential.evaluate, kwargs)
        outputs = self.model.evaluate(x, self._targets(self._places(y)), **given)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        for name, output in zip(self.model.metrics_names, outputs):
            if name in ("accuracy", "acc"):
                return float(output)
        raise ValueError(
            f"{type(self).__name__}: score needs the accuracy, but the model measures "
            f"{self.model.metrics_names}. Compile it with metrics=['accuracy'] in the function "
            "that builds it, or give the search a scoring of its own."
        )

    def _places(self, y: Any) -> np.ndarray:
        """Labels as their places among `classes_`."""
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            return y
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"KerasClassifier was not trained on the labels {unknown[:5].tolist()}; it knows "
                f"{self.classes_[:10].tolist()}."
            )
        return np.searchsorted(self.classes_, y)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags

        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_label=False)
        return tags


class KerasRegressor(BaseWrapper):
    """A model as a regressor.

    Example:
        >>> from keras_core.wrappers.scikit_learn import KerasRegressor
        >>> def build(units=4):
        ...     model = models.Sequential([layers.Dense(units, input_shape=(2,)), layers.Dense(1)])
        ...     model.compile("adam", "mse")
        ...     return model
        >>> regressor = KerasRegressor(build, units=8, epochs=2, verbose=0)
        >>> _ = regressor.fit(np.zeros((10, 2)), np.zeros(10))
        >>> regressor.predict(np.zeros((4, 2))).shape
        (4,)
    """

    _estimator_type = "regressor"

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The prediction for each sample.

        Args:
            x: array `(samples, ...)`, or whatever the model takes.
            **kwargs: arguments of the model's `predict`.

        Returns:
            Array `(samples,)`, or `(samples, outputs)` where the model has several outputs.
        """
        x = self._features(x)
        found = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        return np.squeeze(found, -1) if found.shape[-1] == 1 else found

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The loss with its sign turned, so that more is better.

        Args:
            x: array `(samples, ...)`, or whatever the model takes.
            y: array `(samples,)` or `(samples, outputs)`.
            **kwargs: arguments of the model's `evaluate`.
        """
        x = self._features(x)
        loss = self.model.evaluate(x, y, **self.filter_sk_params(Sequential.evaluate, kwargs))
        return -float(loss[0] if isinstance(loss, list) else loss)

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags

        tags = super().__sklearn_tags__()
        tags.regressor_tags = RegressorTags()
        return tags
