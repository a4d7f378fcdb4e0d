"""Who is measured, and at what."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.environments import FOLDER, Environment


@dataclass(frozen=True)
class Contender:
    """A library in a process of its own.

    Args:
        name: for the table.
        worker: file name in `workers/`.
        arguments: what the worker is told first.
        workloads: what it can do.
        environment: where it runs; the present interpreter for None.
        settings: environment variables.
    """

    name: str
    worker: str
    arguments: tuple[str, ...]
    workloads: tuple[str, ...]
    environment: Environment | None = None
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

_ALL = tuple(WORKLOADS)
_RUNS = ("mlp_fit", "lstm_step", "cnn_step", "predict_1", "predict_32")

_SCIKIT_LEARN = Environment("scikit-learn", ("scikit-learn",))
_TENSORFLOW = Environment(
    "tensorflow", ("tf-keras", "tensorflow-cpu"), editable=(".", "plugins/keras_tf")
)
_THEANO = Environment("theano", editable=(".", "plugins/keras_theano"), version="3.10")
_KERAS_2 = Environment(
    "keras-2",
    ("keras==2.3.1", "theano==1.0.5", "numpy==1.18.5", "h5py==2.10.0"),
    version="3.7",
)


def _theano(cache: str) -> tuple[tuple[str, str], ...]:
    """Both with the same BLAS, each with a compilation cache of its own."""
    flags = f"blas.ldflags=-lopenblas,base_compiledir={FOLDER / cache}"
    return (("KERAS_BACKEND", "theano"), ("THEANO_FLAGS", flags))


_QUIET = ("TF_CPP_MIN_LOG_LEVEL", "3")

# The first one is what the others are compared with.
CONTENDERS = (
    Contender(
        "keras-numpy",
        "keras_like.py",
        ("keras_core",),
        _ALL,
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
        _SCIKIT_LEARN,
    ),
    Contender(
        "keras-tf",
        "keras_like.py",
        ("keras_core",),
        _RUNS,
        _TENSORFLOW,
        (("KERAS_BACKEND", "tensorflow"), _QUIET),
    ),
    Contender(
        "keras-tf, XLA",
        "keras_like.py",
        ("keras_core",),
        _RUNS,
        _TENSORFLOW,
        (("KERAS_BACKEND", "tensorflow"), ("KERAS_JIT_COMPILE", "1"), _QUIET),
    ),
    Contender("tf-keras", "keras_like.py", ("tf_keras",), _ALL, _TENSORFLOW, (_QUIET,)),
    Contender(
        "keras-theano",
        "keras_like.py",
        ("keras_core",),
        _RUNS,
        _THEANO,
        _theano("theano-cache"),
    ),
    Contender(
        "Keras 2.3.1",
        "keras_like.py",
        ("keras",),
        _ALL,
        _KERAS_2,
        _theano("theano-cache-of-keras-2"),
    ),
)

# Who is compared besides, because both have the same engine.
PAIRS = (
    ("keras-tf", "tf-keras"),
    ("keras-tf, XLA", "tf-keras"),
    ("keras-theano", "Keras 2.3.1"),
)
