"""A step of training that several processes share, and the parts of its cost."""

from __future__ import annotations

from benchmarks.workers import measure
from benchmarks.workers.models import MODELS
from benchmarks.workers.wide import trained

# The models, some of them with larger batches too, since what is shared is the batch.
KINDS = {**MODELS, "lstm_128": MODELS["lstm"]._replace(batch=128)}

# Shares of a batch that one process alone is measured at, as if others had the rest.
SHARES = {"half": 2, "quarter": 4}


def main():
    task = measure.task()
    keras = measure.imported_with_engine(task.package)
    keras.distribute.init()
    kind = KINDS[task.case]
    model = kind.model(keras)
    values = {"fit": step(model, kind, kind.batch, task.scale)}
    if keras.distribute.size() == 1:
        for name, share in SHARES.items():
            values[name] = step(model, kind, kind.batch // share, task.scale)
    else:
        values["sums"] = sums(model)
        values["messages"], values["bytes"] = sent(model, kind)
    measure.report(**values)


def step(model, kind, batch, scale):
    """Returns the median seconds of a step of fit; all ranks do equally many.

    Epochs are long, so that what ranks do once a run has little part in it.
    """
    steps = max(2, round(4 * kind.steps * scale))
    x, y = kind.data(batch * steps)
    kind = kind._replace(batch=batch)
    epoch = measure.median_of(lambda: trained(model, kind, x, y), 0, max(3, round(8 * scale)))
    return epoch / steps


def sums(model):
    """Returns the median seconds of adding up arrays like the gradients, and nothing else."""
    from keras_core.ranks import current

    arrays = [weight.get_value() for weight in model.trainable_weights]
    places = [0 * array for array in arrays]
    return measure.median_of(lambda: current().sums(arrays, places), 0, 15)


def sent(model, kind):
    """Returns the messages and bytes of a step, without those at the two ends of fit."""
    few, many = (sent_in(model, kind, steps) for steps in (2, 6))
    return [(b - a) / 4 for a, b in zip(few, many)]


def sent_in(model, kind, steps):
    """Returns the messages and bytes of a fit of so many steps."""
    from keras_core.ranks import current

    before = current().messages, current().bytes
    trained(model, kind, *kind.data(kind.batch * steps))
    return current().messages - before[0], current().bytes - before[1]


if __name__ == "__main__":
    main()
