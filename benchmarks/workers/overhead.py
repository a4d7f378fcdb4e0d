"""What a step costs in each method of a model, and in the compiled programs alone."""

from __future__ import annotations

from benchmarks.workers import measure
from benchmarks.workers.models import MODELS

STEPS = 100


def main():
    task = measure.task()
    keras = measure.imported_with_engine(task.package)
    steps = max(2, round(STEPS * task.scale))
    run = Run(keras, MODELS[task.case], steps)
    results = {}
    for name, operation in run.single_steps().items():
        results[name] = measure.median_of(operation, task.scale / 2)
    for name, operation in run.epochs().items():
        results[name] = measure.median_of(operation, task.scale / 2) / steps
    programs = compiled_2 if task.package == "keras" else compiled
    for name, program in programs(run.model, *run.batch).items():
        results[name] = measure.median_of(program, task.scale / 2)
    measure.report(**results)


class Run:
    """A model, its data, and what is called."""

    def __init__(self, keras, kind, steps):
        self.size = kind.batch
        self.model = kind.model(keras)
        self.x, self.y = kind.data(kind.batch * steps)
        self.batch = self.x[: kind.batch], self.y[: kind.batch]
        self.callbacks = [watcher(keras)]

    def single_steps(self):
        """Calls of one batch, by name."""
        model, (x, y) = self.model, self.batch
        return {
            "train_on_batch": lambda: model.train_on_batch(x, y),
            "test_on_batch": lambda: model.test_on_batch(x, y),
            "predict_on_batch": lambda: model.predict_on_batch(x),
            "predict_once": lambda: self._predict(x),
        }

    def epochs(self):
        """Calls of many batches, by name."""
        return {
            "fit": self._fit,
            "fit_watched": lambda: self._fit(callbacks=self.callbacks),
            "evaluate": self._evaluate,
            "evaluate_watched": lambda: self._evaluate(callbacks=self.callbacks),
            "predict": lambda: self._predict(self.x),
            "predict_watched": lambda: self._predict(self.x, callbacks=self.callbacks),
        }

    def _fit(self, **options):
        self.model.fit(self.x, self.y, batch_size=self.size, epochs=1, verbose=0, **options)

    def _evaluate(self, **options):
        self.model.evaluate(self.x, self.y, batch_size=self.size, verbose=0, **options)

    def _predict(self, x, **options):
        self.model.predict(x, batch_size=self.size, verbose=0, **options)


def watcher(keras):
    """A callback that is told of every batch and does nothing."""

    class Watcher(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

        def on_test_batch_end(self, batch, logs=None):
            pass

        def on_predict_batch_end(self, batch, logs=None):
            pass

    return Watcher()


def compiled(model, x, y):
    """The backend's own callables, with arrays as they take them."""
    from keras_core.slots import current_backend

    def alone(mode, arrays):
        step = model._programs.step_program(mode)
        run, _ = step.function.compiled_for(current_backend(), step.phase)
        return lambda: run(arrays, (0, 0))

    fed = model._training_data(x, y)
    return {
        "train_program": alone("train", fed.arrays),
        "test_program": alone("test", fed.arrays),
        "predict_program": alone("predict", fed.x),
    }


def compiled_2(model, x, y):
    """Likewise in Keras 2.3.1 on Theano."""
    inputs, targets, weights = model._standardize_user_data(x, y)
    arrays = [*inputs, *targets, *weights]
    return {
        "train_program": lambda: model.train_function.function(*arrays),
        "test_program": lambda: model.test_function.function(*arrays),
        "predict_program": lambda: model.predict_function.function(*inputs),
    }


if __name__ == "__main__":
    main()
