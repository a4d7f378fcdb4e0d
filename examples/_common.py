"""What the examples share: their options, the digits, and how a picture is saved."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from keras_core.datasets import digits


def options(doc, epochs):
    """Reads `--epochs` and `--output` from the command line, as arguments for `main`."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=epochs, help=f"default: {epochs}")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(__file__).parent,
        metavar="FOLDER",
        help="where the picture goes (default: next to the script)",
    )
    return vars(parser.parse_args())


def load_digits():
    """The digits `(samples, 8, 8, 1)` with brightness in [0, 1], and their classes."""
    parts = digits.load_data()
    return [(x[..., np.newaxis].astype("float32") / digits.BRIGHTEST, y) for x, y in parts]


def tiled(images, columns):
    """Lays images `(samples, 8, 8, 1)` side by side, `columns` in a row, as one image."""
    images = images[: len(images) // columns * columns, ..., 0]
    framed = np.pad(images, [(0, 0), (1, 1), (1, 1)], constant_values=0.5)
    samples, height, width = framed.shape
    rows = framed.reshape(samples // columns, columns, height, width)
    return rows.swapaxes(1, 2).reshape(-1, columns * width)


def save_picture(path, draw, size=(4, 3)):
    """Saves what `draw` draws on matplotlib's axes; without matplotlib, says so and goes on."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("No picture: matplotlib is missing (pip install 'keras-core[plot]>=2.4,<3').")
        return
    figure = Figure(figsize=size, layout="constrained")
    draw(figure.subplots())
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80, metadata={"Software": None})
    print(f"Picture: {path}")


def save_tiles(path, images, columns, title):
    """Saves images `(samples, 8, 8, 1)` as one picture, `columns` in a row."""

    def draw(axes):
        axes.imshow(tiled(np.clip(images, 0, 1), columns), cmap="gray_r", vmin=0, vmax=1)
        axes.set_title(title, fontsize=9)
        axes.axis("off")

    save_picture(path, draw, size=(columns * 0.4, len(images) / columns * 0.4 + 0.4))
