"""Run a saved model on several backends, and tell layer by layer how far they differ."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from keras_core.cli.arguments import distance, positive, seed
from keras_core.cli.backends import table
from keras_core.errors import BackendNotFoundError

if TYPE_CHECKING:
    import numpy as np

_FREE_SIZE = 8  # of axes whose size the model leaves open


class Difference(NamedTuple):
    """The largest difference of two arrays, and the same in units in the last place (ULPs).

    A unit is the distance of the largest value in the arrays to the next number of its dtype; for
    whole numbers it is 1.
    """

    absolute: float
    ulps: float

    def __str__(self) -> str:
        return f"{self.absolute:.1e} ({self.ulps:.3g} ULPs)" if self.absolute else "equal"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("model", help="the saved model, a .h5 file")
    parser.add_argument(
        "--backends", required=True, help="names separated by commas; the first is the reference"
    )
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        type=_interpreter,
        metavar="NAME=PATH",
        help="the Python that has keras-core and this backend, where it is not this one",
    )
    parser.add_argument(
        "--separate", action="store_true", help="give each backend a process of its own"
    )
    parser.add_argument(
        "--data", help="npz with an array for each input, by its name or in order (default: random)"
    )
    parser.add_argument(
        "--rows", type=positive, default=8, help="number of random samples (default 8)"
    )
    parser.add_argument("--seed", type=seed, default=0, help="seed of the random samples")
    parser.add_argument(
        "--ulps", type=distance, default=256, help="largest difference that counts as rounding"
    )


def _interpreter(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    if not (name and equals and path):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=PATH")
    return name, path


def run(chosen: argparse.Namespace) -> int:
    """Prints the differences to the first backend. Returns 1 where a layer diverges."""
    try:
        results = _results(chosen)
    except (OSError, ValueError) as error:
        print(f"keras-core parity: {error}", file=sys.stderr)
        if isinstance(error, BackendNotFoundError):
            print("One that another Python has: --python NAME=PATH", file=sys.stderr)
        return 2
    reference, *others = results
    compared = {name: compare(results[reference], results[name]) for name in others}
    print(_table(reference, results[reference], compared))
    verdicts = {name: first_beyond(compared[name], chosen.ulps) for name in others}
    print()
    for name, layer in verdicts.items():
        print(_verdict(reference, name, layer, chosen.ulps))
    return 1 if any(verdicts.values()) else 0


def _results(chosen: argparse.Namespace) -> dict[str, dict[str, np.ndarray]]:
    """What each layer gives, by backend."""
    from keras_core.cli.layer_outputs import outputs_elsewhere, outputs_here
    from keras_core.models import load_model
    from keras_core.plugins import use_backend

    names = _names(chosen.backends, dict(chosen.python))
    model = load_model(chosen.model, compile=False)
    inputs = inputs_of(model, chosen.data, chosen.rows, chosen.seed)
    results = {}
    for name, python in names.items():
        if python or chosen.separate:
            python = python or sys.executable
            results[name] = outputs_elsewhere(python, name, chosen.model, inputs)
        else:
            with use_backend(name):
                results[name] = outputs_here(model, inputs)
    return results


def _names(backends: str, pythons: Mapping[str, str]) -> dict[str, str | None]:
    """The interpreter of each backend, None for the present one."""
    names = [name.strip() for name in backends.split(",") if name.strip()]
    if len(set(names)) < 2:
        raise ValueError(f"--backends {backends}: give two or more, such as numpy,tensorflow.")
    strangers = [name for name in pythons if name not in names]
    if strangers:
        raise ValueError(f"--python names {strangers[0]!r}, which --backends does not.")
    return {name: pythons.get(name) for name in names}


def inputs_of(model: Any, path: str | None, rows: int, seed: int) -> list[np.ndarray]:
    """The arrays to feed: those of an npz file, else random ones that the model can take.

    Args:
        model: the model.
        path: the file, or None.
        rows: number of random samples.
        seed: int.

    Raises:
        ValueError: the file's arrays do not fit the model's inputs.
    """
    import numpy as np

    if path is None:
        random = np.random.RandomState(seed)
        return [_drawn(model, x, rows, random) for x in model.inputs]
    with np.load(path) as file:
        given = dict(file)
    names = model.input_names
    if all(name in given for name in names):
        return [given[name] for name in names]
    if len(given) == len(names):
        return list(given.values())
    raise ValueError(f"{path} has arrays {list(given)}; the model's inputs are {names}.")


def _drawn(model: Any, x: Any, rows: int, random: np.random.RandomState) -> np.ndarray:
    shape = [x.shape[0] or rows, *(size or _FREE_SIZE for size in x.shape[1:])]
    limits = [layer.input_dim for layer in _embeddings(model) if _reads(layer, x)]
    if limits or "int" in x.dtype:
        return random.randint(0, min(limits, default=2), shape).astype(x.dtype)
    return random.uniform(-1, 1, shape).astype(x.dtype)


def _embeddings(model: Any) -> list[Any]:
    from keras_core.layers import Embedding

    return [layer for layer in model.layers if isinstance(layer, Embedding)]


def _reads(layer: Any, x: Any) -> bool:
    return any(y is x for node in layer._inbound_nodes for y in node.input_tensors)


def compare(
    reference: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]
) -> dict[str, Difference]:
    """The difference of each layer's output, by label."""
    return {label: difference(reference[label], other[label]) for label in reference}


def difference(expected: np.ndarray, got: np.ndarray) -> Difference:
    """Compares two arrays; other shapes, or a NaN in one of them, are infinitely far apart."""
    import numpy as np

    if expected.shape != got.shape:
        return Difference(float("inf"), float("inf"))
    a, b = expected.astype("float64"), got.astype("float64")
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        gaps = np.where(same, 0, np.abs(a - b))
    absolute = float(np.where(np.isnan(gaps), np.inf, gaps).max(initial=0))
    return Difference(absolute, absolute / _unit(expected, a, b))


def _unit(expected: np.ndarray, *arrays: np.ndarray) -> float:
    import numpy as np

    if expected.dtype.kind != "f":
        return 1.0
    largest = max(np.abs(x[np.isfinite(x)]).max(initial=0) for x in arrays)
    return float(np.spacing(expected.dtype.type(largest)))


def first_beyond(differences: Mapping[str, Difference], ulps: float) -> str | None:
    """The label of the first layer that differs by more than so many ULPs."""
    return next((label for label, found in differences.items() if found.ulps > ulps), None)


def _table(
    reference: str,
    outputs: Mapping[str, np.ndarray],
    compared: Mapping[str, Mapping[str, Difference]],
) -> str:
    head = ("layer", "output", *(f"{name} - {reference}" for name in compared))
    rows: Sequence[tuple[str, ...]] = [
        (label, f"{array.shape}", *(str(found[label]) for found in compared.values()))
        for label, array in outputs.items()
    ]
    return table([head, *rows])


def _verdict(reference: str, name: str, layer: str | None, ulps: float) -> str:
    if layer is None:
        return f"{name}: no layer differs from {reference} by more than {ulps:g} ULPs."
    return f"{name}: the first layer that diverges from {reference} is {layer!r}."
