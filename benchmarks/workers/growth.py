"""One size on one axis: what it costs until the first step is done, a step, and memory."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from benchmarks.workers import measure
from benchmarks.workers.models import MODELS, Kind, Numbers, numbers, perceptron, recurrent

ROWS_PER_STEP = 256


def main():
    task = measure.task()
    axis, size = task.case.split("=")
    keras = measure.imported_with_engine(task.package)
    if axis == "rows":
        return measure_rows(keras, int(size), task.scale)
    step, first = measure.clocked(lambda: first_done(AXES[axis](keras, int(size))))
    measure.report(first=first, step=measure.median_of(step, task.scale))


def first_done(step):
    step()
    return step


def depth(keras, layers):
    """That many Dense layers of 32."""
    return training(keras, dense([32] * layers, 64))


def width(keras, units):
    """Two Dense layers of that many units, on as many numbers."""
    return training(keras, dense([units] * 2, units))


def batch(keras, rows):
    """The small network on so many rows."""
    return training(keras, MODELS["mlp"]._replace(batch=rows))


def recurrence(keras, steps):
    """An LSTM of 32 over so many steps."""
    body = lambda layers, x: recurrent(layers, x, 32)  # noqa: E731
    inputs, targets = Numbers(steps, 32), numbers(32)
    return training(keras, Kind("", 32, 1, inputs, targets, "mean_squared_error", body))


def models(keras, count):
    """So many small networks that are alive at once, each trained."""
    steps = [training(keras, MODELS["mlp"]) for _ in range(count)]
    return lambda: [step() for step in steps]


def dense(sizes, inputs):
    """The small network with other sizes."""
    return MODELS["mlp"]._replace(
        inputs=Numbers(inputs), body=lambda layers, x: perceptron(layers, x, *sizes)
    )


def training(keras, kind):
    """Builds and compiles a model, and returns what trains it on one batch."""
    x, y = kind.data(kind.batch)
    model = kind.model(keras)
    return lambda: model.train_on_batch(x, y)


AXES = {
    "depth": depth,
    "width": width,
    "batch": batch,
    "recurrence": recurrence,
    "models": models,
}


def measure_rows(keras, rows, scale):
    """An epoch of `fit` on memory-mapped arrays, 4 kB a row."""
    kind = MODELS["logreg"]._replace(inputs=Numbers(1024), batch=ROWS_PER_STEP)
    model = kind.model(keras)
    with TemporaryDirectory() as folder, measure.UnmappedPeak() as peak:
        x = mapped(folder, "x", (rows, 1024), "float32")
        y = mapped(folder, "y", (rows, 1), "int32")
        epoch = lambda: model.fit(x, y, batch_size=kind.batch, epochs=1, verbose=0)  # noqa: E731
        first = measure.timed(epoch)
        step = measure.median_of(epoch, scale)
    measure.report(first=first, step=step, memory=peak.megabytes)


def mapped(folder, name, shape, dtype):
    """A memory-mapped array of zeros, which takes no room on the disk."""
    import numpy as np

    path = f"{folder}/{name}.npy"
    np.lib.format.open_memmap(path, "w+", dtype, shape)
    return np.load(path, mmap_mode="r")


if __name__ == "__main__":
    main()
