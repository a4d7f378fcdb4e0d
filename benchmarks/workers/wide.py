"""One model from import to prediction."""

from __future__ import annotations

from benchmarks.workers import measure
from benchmarks.workers.models import MODELS


def main():
    task = measure.task()
    keras, imports = measure.clocked(lambda: measure.imported_with_engine(task.package))
    kind = MODELS[task.case]
    steps = max(2, round(kind.steps * task.scale))
    x, y = kind.data(kind.batch * steps)
    batch = x[: kind.batch], y[: kind.batch]
    model, first = measure.clocked(lambda: trained(kind.model(keras), kind, *batch))
    epoch = measure.median_of(lambda: trained(model, kind, x, y), 2 * task.scale)
    predict = measure.median_of(lambda: predicted(model, kind, batch[0]), task.scale)
    measure.report(
        fit=epoch / steps, predict=predict, first=first, first_and_import=imports + first
    )


def trained(model, kind, x, y):
    model.fit(x, y, batch_size=kind.batch, epochs=1, verbose=0)
    return model


def predicted(model, kind, x):
    return model.predict(x, batch_size=kind.batch, verbose=0)


if __name__ == "__main__":
    main()
