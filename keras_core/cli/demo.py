"""Train a network on handwritten digits, save it, load it and show what it reads."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from keras_core.cli.arguments import file_to_write, positive, seed

if TYPE_CHECKING:
    import numpy as np

_SHADES = " .:-=+*#%@"
_SHOWN = 4
_DOUBTFUL = 0.5


def add_to(parser: argparse.ArgumentParser) -> None:
    """Declares the command's arguments."""
    parser.add_argument("--backend", help="the backend that trains (default: the chosen one)")
    parser.add_argument(
        "--epochs", type=positive, default=40, help="passes over the training images"
    )
    parser.add_argument(
        "--seed", type=seed, default=0, help="seed of weights, shuffles and dropout"
    )
    parser.add_argument(
        "--output", type=file_to_write, default="digits.h5", help="file to save the model in"
    )


def run(chosen: argparse.Namespace) -> int:
    """Trains, evaluates, saves, loads, and draws a few test images with their predictions."""
    from keras_core import plugins

    if chosen.backend:
        plugins.set_backend(chosen.backend)
    backend = plugins.current_backend()

    from keras_core.models import load_model
    from keras_core.utils import set_random_seed

    set_random_seed(chosen.seed)
    x_train, y_train, x_test, y_test = _digits()
    print(f"Training on {len(x_train)} images with the {backend.name} backend.\n")
    model = _network()
    started = time.perf_counter()
    model.fit(x_train, y_train, batch_size=32, epochs=chosen.epochs)
    seconds = time.perf_counter() - started
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"\nTest accuracy: {accuracy:.2%} of {len(x_test)} images, trained in {seconds:.1f} s.")
    print(doubt(accuracy, backend.name), end="")

    model.save(chosen.output)
    print(f"Saved to {chosen.output}, and loaded again. It reads these test images as:\n")
    probabilities = load_model(chosen.output).predict(x_test[:_SHOWN])
    print(drawing(x_test[:_SHOWN], probabilities, y_test[:_SHOWN]))
    return 0


def doubt(accuracy: float, name: str) -> str:
    """What a low accuracy after a few epochs says of a backend."""
    if accuracy >= _DOUBTFUL:
        return ""
    return (
        "That is near chance, which is 10%: give it more --epochs; where that does not help, the "
        f"backend computes wrong gradients, and `keras-core check-backend {name}` says which.\n"
    )


def _digits() -> tuple[np.ndarray, ...]:
    from keras_core.datasets import digits

    (x_train, y_train), (x_test, y_test) = digits.load_data()
    x_train, x_test = (x.astype("float32") / digits.BRIGHTEST for x in (x_train, x_test))
    return x_train, y_train, x_test, y_test


def _network() -> Any:
    from keras_core.datasets.digits import CLASSES
    from keras_core.layers import Dense, Dropout, Flatten
    from keras_core.models import Sequential

    model = Sequential(
        [
            Flatten(input_shape=(8, 8)),
            Dense(256, activation="relu"),
            Dropout(0.5),
            Dense(64, activation="relu"),
            Dropout(0.2),
            Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def drawing(images: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> str:
    """Draws images side by side as text, each above what was read and what it is.

    Args:
        images: `(samples, rows, columns)`, brightness in [0, 1].
        probabilities: `(samples, classes)`.
        classes: `(samples,)`, the true ones.
    """
    rows = ["   ".join(map(_line, row)) for row in images.swapaxes(0, 1)]
    captions = [
        f"{p.argmax()} ({p.max():.1%}), is {c}" for p, c in zip(probabilities, classes.tolist())
    ]
    width = len(_line(images[0, 0]))
    return "\n".join([*rows, "   ".join(caption.ljust(width) for caption in captions)])


def _line(pixels: np.ndarray) -> str:
    """Draws a row of pixels, each two characters wide so that it looks square."""
    return "".join(2 * _SHADES[round(float(p) * (len(_SHADES) - 1))] for p in pixels)
