"""Who is measured, and at what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Contender:
    """A library in a process of its own.

    Args:
        name: for the table.
        worker: file name in `workers/`.
        arguments: what the worker is told first.
        workloads: what it can do.
        requirements: what its virtual environment holds; empty for the present interpreter.
        settings: environment variables.
    """

    name: str
    worker: str
    arguments: tuple[str, ...]
    workloads: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()


WORKLOADS = {
    "mlp_fit": "fit, digits 64-128-64-10, Adam, batch 32: one step",
    "lstm_step": "train_on_batch, LSTM 32 x 80 x 128 -> 128, mean squared error, Adam",
    "cnn_step": "train_on_batch, CNN 28 x 28 x 1, 3x3 x 32, 3x3 x 64, dense 128, batch 128, Adam",
    "predict_1": "predict, 1 row, the digits network",
    "predict_32": "predict, 32 rows, the digits network",
    "import": "import of the package alone",
    "import_api": "import of layers and models",
}

# The first one is what the others are compared with.
CONTENDERS = (
    Contender(
        "keras_core",
        "keras_like.py",
        ("keras_core",),
        tuple(WORKLOADS),
        settings=(("KERAS_BACKEND", "numpy"),),
    ),
    Contender(
        "plain NumPy",
        "plain_numpy.py",
        (),
        ("predict_1", "predict_32", "import"),
    ),
    Contender(
        "scikit-learn",
        "scikit_learn.py",
        (),
        ("mlp_fit", "predict_1", "predict_32", "import"),
        requirements=("scikit-learn",),
    ),
    Contender(
        "tf-keras",
        "keras_like.py",
        ("tf_keras",),
        tuple(WORKLOADS),
        requirements=("tf-keras", "tensorflow-cpu"),
        settings=(("TF_CPP_MIN_LOG_LEVEL", "3"),),
    ),
)
