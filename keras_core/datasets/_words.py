"""What the data sets of texts have in common: texts as lists of the ranks of their words."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_core.utils.data_utils import get_file


def number_of_words(num_words: int | None, options: dict[str, Any]) -> int | None:
    """The limit of words, by its former name as well.

    Args:
        num_words: the limit, or None.
        options: further arguments of `load_data`.

    Raises:
        TypeError: an argument that there is not.
    """
    if "nb_words" in options:
        warnings.warn("load_data: nb_words is now called num_words.", stacklevel=3)
        num_words = options.pop("nb_words")
    if options:
        raise TypeError(f"load_data has no arguments {', '.join(options)}.")
    return num_words


def shuffled(x: np.ndarray, y: np.ndarray, random: np.random.RandomState) -> Any:
    """Texts and their classes in a new order."""
    order = np.arange(len(x))
    random.shuffle(order)
    return x[order], y[order]


@dataclass(frozen=True)
class Code:
    """How texts are written with numbers, after the arguments of `load_data`."""

    num_words: int | None
    skip_top: int
    maxlen: int | None
    start_char: int | None
    oov_char: int | None
    index_from: int

    def __call__(self, texts: Iterable[list[int]], classes: np.ndarray) -> Any:
        """Codes texts, and leaves out those that are too long.

        Args:
            texts: lists of ranks of words.
            classes: a class a text.

        Returns:
            The coded texts, and their classes.

        Raises:
            ValueError: all texts are too long.
        """
        start = [] if self.start_char is None else [self.start_char]
        shift = self.index_from or 0
        moved = [start + [word + shift for word in text] for text in texts]
        if self.maxlen:
            kept = [i for i, text in enumerate(moved) if len(text) < self.maxlen]
            moved, classes = [moved[i] for i in kept], classes[kept]
        if not moved:
            raise ValueError(
                f"load_data: all texts are of length maxlen={self.maxlen} or more; give a larger "
                "maxlen."
            )
        return self._limited(moved), classes

    def _limited(self, texts: list[list[int]]) -> list[list[int]]:
        # Without a limit the last word goes as well, as in Keras 2.
        end = self.num_words or max(max(text, default=0) for text in texts)
        other = self.oov_char
        if other is None:
            return [[word for word in text if self.skip_top <= word < end] for text in texts]
        return [[word if self.skip_top <= word < end else other for word in text] for text in texts]


def divided(texts: list[list[int]], classes: np.ndarray, size: int) -> Any:
    """The training part, of this size, and the test part.

    Texts are an array of lists, also where all are of one length.
    """
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return (made[:size], classes[:size]), (made[size:], classes[size:])


def word_index(path: str, origin: str, file_hash: str) -> dict[str, int]:
    """Reads the ranks of words from a JSON file; downloads it at first."""
    path = get_file(path, origin=origin, file_hash=file_hash)
    with open(path, encoding="utf-8") as file:
        return json.load(file)
