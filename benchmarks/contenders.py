"""Who is measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.environments import FOLDER, Environment


@dataclass(frozen=True)
class Contender:
    """A library, which runs in processes of its own.

    Args:
        name: for the tables and the command line.
        environment: where it runs.
        package: what has Keras's API; empty where nothing has.
        settings: environment variables.
        worker: the module in `workers/` that measures it; empty for the one of the benchmark.
        ranks: how many processes of MPI it is.
    """

    name: str
    environment: Environment
    package: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    worker: str = ""
    ranks: int = 1


_MPI = ("mpi4py", "mpich")
_NUMPY = Environment("numpy", _MPI, editable=(".", "plugins/keras_numpy"))
_SCIKIT_LEARN = Environment("scikit-learn", ("scikit-learn",))
_TENSORFLOW = Environment(
    "tensorflow", ("tf-keras", "tensorflow-cpu", *_MPI), editable=(".", "plugins/keras_tf")
)
_THEANO = Environment("theano", _MPI, editable=(".", "plugins/keras_theano"), version="3.10")
_KERAS_3 = Environment("keras-3", ("keras>=3", "jax", *_MPI), editable=(".", "plugins/keras_jax"))
_TORCH = Environment("torch", ("keras>=3", "torch", *_MPI), editable=(".", "plugins/keras_torch"))
_KERAS_2 = Environment(
    "keras-2",
    ("keras==2.3.1", "Theano==1.0.5", "numpy==1.18.5", "h5py==2.10", "protobuf<3.21"),
    version="3.7",
)


def _theano(cache: str) -> tuple[tuple[str, str], ...]:
    """Both with the same BLAS, each with a compilation cache of its own."""
    flags = f"blas.ldflags=-lopenblas,base_compiledir={FOLDER / cache}"
    return (("KERAS_BACKEND", "theano"), ("THEANO_FLAGS", flags))


_ON_NUMPY = (("KERAS_BACKEND", "numpy"),)
_ON_JAX = (("KERAS_BACKEND", "jax"), ("JAX_PLATFORMS", "cpu"))
_ON_TORCH = (("KERAS_BACKEND", "torch"),)
_QUIET = (("TF_CPP_MIN_LOG_LEVEL", "3"),)
_ON_TENSORFLOW = (("KERAS_BACKEND", "tensorflow"), *_QUIET)
_WITH_XLA = (*_ON_TENSORFLOW, ("KERAS_JIT_COMPILE", "1"))

_ALL = (
    Contender("keras-numpy", _NUMPY, "keras_core", _ON_NUMPY),
    Contender("keras-tf", _TENSORFLOW, "keras_core", _ON_TENSORFLOW),
    Contender("keras-tf-xla", _TENSORFLOW, "keras_core", _WITH_XLA),
    Contender("keras-theano", _THEANO, "keras_core", _theano("theano-cache")),
    Contender("keras-jax", _KERAS_3, "keras_core", _ON_JAX),
    Contender("keras-torch", _TORCH, "keras_core", _ON_TORCH),
    Contender("tf-keras", _TENSORFLOW, "tf_keras", _QUIET),
    Contender("keras-3-jax", _KERAS_3, "keras", _ON_JAX),
    Contender("keras-3-torch", _TORCH, "keras", _ON_TORCH),
    Contender("keras-2.3.1", _KERAS_2, "keras", _theano("theano-cache-of-keras-2")),
    Contender("plain-numpy", _NUMPY, worker="plain_numpy"),
    Contender("scikit-learn", _SCIKIT_LEARN, worker="scikit_learn"),
)

# Ranks share one machine, so each has one thread.
_ONE_THREAD = (
    ("KERAS_CORE_THREADS", "1"),
    *(("OMP_NUM_THREADS", "1"), ("OPENBLAS_NUM_THREADS", "1"), ("MKL_NUM_THREADS", "1")),
    *(("TF_NUM_INTRAOP_THREADS", "1"), ("TF_NUM_INTEROP_THREADS", "1")),
    ("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false"),
)
_SHARING = tuple(
    replace(one, name=f"{one.name}-on-{ranks}", settings=one.settings + _ONE_THREAD, ranks=ranks)
    for one in _ALL
    if one.package == "keras_core" and one.name != "keras-tf-xla"
    for ranks in (1, 2)
)
ON_RANKS = tuple(contender.name for contender in _SHARING)

CONTENDERS = {contender.name: contender for contender in (*_ALL, *_SHARING)}
