"""Sequences of one length, pairs of words that stand together, and windows of series."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from keras_core import namespaces
from keras_core.utils.data_utils import Sequence

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]

__dir__ = namespaces.listing(__all__)

_EULER = 0.577
_LARGEST_SEED = 10_000_000


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Makes an array of sequences of different lengths.

    Args:
        sequences: a list of sequences; each a list of numbers, or of items of one shape.
        maxlen: length of all sequences; by default that of the longest.
        dtype: dtype of the array; `object` for strings of any length.
        padding: 'pre' or 'post': where a short sequence is filled up.
        truncating: 'pre' or 'post': where a long one is cut off.
        value: what short ones are filled up with.

    Returns:
        Array `(sequences, maxlen, ...)`.

    Raises:
        ValueError: a sequence has no length, items differ in shape, a word for `padding` or
            `truncating` is unknown, or `value` is a string that `dtype` cannot hold.

    Example:
        >>> sequence.pad_sequences([[1, 2, 3], [4]]).tolist()
        [[1, 2, 3], [0, 0, 4]]
        >>> sequence.pad_sequences([[1, 2, 3], [4]], maxlen=2, padding="post").tolist()
        [[2, 3], [4, 0]]
    """
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences: sequences must be a list of lists, not {sequences!r}.")
    _check_ends(padding=padding, truncating=truncating)
    _check_value(value, np.dtype(dtype))
    lengths = [_length(position, sequence) for position, sequence in enumerate(sequences)]
    maxlen = max(lengths, default=0) if maxlen is None else maxlen
    shape = next((np.shape(s)[1:] for s, length in zip(sequences, lengths) if length), ())
    padded = np.full((len(lengths), maxlen, *shape), value, dtype=dtype)
    for position, sequence in enumerate(sequences):
        if lengths[position] and maxlen:
            kept = sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen]
            items = _items(position, kept, shape, dtype)
            start = maxlen - len(items) if padding == "pre" else 0
            padded[position, start : start + len(items)] = items
    return padded


def _check_ends(**ends: str) -> None:
    for name, end in ends.items():
        if end not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {name} must be 'pre' or 'post', not {end!r}.")


def _check_value(value: Any, dtype: np.dtype) -> None:
    if isinstance(value, str) and dtype.kind not in "OU":
        raise ValueError(
            f"pad_sequences: dtype {dtype} cannot hold the value {value!r}; give dtype=object, "
            "which holds strings of any length."
        )


def _length(position: int, sequence: Any) -> int:
    try:
        return len(sequence)
    except TypeError:
        raise ValueError(
            f"pad_sequences: sequences must be a list of lists; at {position} is {sequence!r}."
        ) from None


def _items(position: int, sequence: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    items = np.asarray(sequence, dtype=dtype)
    if items.shape[1:] != shape:
        raise ValueError(
            f"pad_sequences: the items of sequence {position} have shape {items.shape[1:]}, those "
            f"of the first one {shape}; all must be equal."
        )
    return items


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """The probabilities of keeping words, which are smaller for frequent words.

    A word of rank r is taken to have the frequency `1 / (r (log r + 0.577) + 1/2 - 1 / (12 r))`,
    after Zipf's law; it is kept with the probability `min(1, sqrt(sampling_factor / frequency))`.

    Args:
        size: number of ranks.
        sampling_factor: frequency from which on words are left out.

    Returns:
        Array `(size,)` of float64; rank 0, of no word, has the entry of rank 1.

    Source: T. Mikolov et al., "Distributed Representations of Words and Phrases and their
    Compositionality", NIPS 2013.

    Example:
        >>> table = sequence.make_sampling_table(1000)
        >>> table.shape, bool(table[1] < table[999])  # frequent words are kept less often
        ((1000,), True)
    """
    rank = np.maximum(np.arange(size), 1)
    inverse_frequency = rank * (np.log(rank) + _EULER) + 0.5 - 1.0 / (12.0 * rank)
    share = sampling_factor * inverse_frequency
    return np.minimum(1.0, share / np.sqrt(share))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words, some of which stand near each other, and some that are drawn.

    Args:
        sequence: a text as a list of words' ranks; 0 is no word.
        vocabulary_size: number of ranks, 0 counted in.
        window_size: how far the words of a pair may be apart.
        negative_samples: number of drawn pairs for each pair of the text.
        shuffle: whether to shuffle the pairs; otherwise the drawn ones come last.
        categorical: whether classes are `[1, 0]` and `[0, 1]` instead of 0 and 1.
        sampling_table: probability of keeping a word, by its rank.
        seed: seed of the shuffling.

    Returns:
        The pairs, and for each the class 1 if it is of the text, or 0 if it was drawn.

    Source: T. Mikolov et al., "Efficient Estimation of Word Representations in Vector Space", 2013.

    Example:
        >>> couples, labels = sequence.skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0.0)
        >>> sorted(couples), labels
        ([[1, 2], [2, 1], [2, 3], [3, 2]], [1, 1, 1, 1])
    """
    couples = [[word, near] for word, near in _near(sequence, window_size, sampling_table)]
    kinds = [1] * len(couples)
    if negative_samples > 0:
        drawn = _drawn([word for word, _ in couples], vocabulary_size, negative_samples)
        couples += drawn
        kinds += [0] * len(drawn)
    labels: list[Any] = [[1 - kind, kind] for kind in kinds] if categorical else kinds
    if shuffle:
        _shuffle_alike(couples, labels, seed)
    return couples, labels


def _near(sequence: Any, window_size: int, sampling_table: Any) -> Iterator[tuple[int, int]]:
    for place, word in enumerate(sequence):
        if not word:
            continue
        if sampling_table is not None and sampling_table[word] < random.random():
            continue
        for other in range(max(0, place - window_size), place + window_size + 1):
            if other < len(sequence) and other != place and sequence[other]:
                yield word, sequence[other]


def _drawn(words: list[int], vocabulary_size: int, share: float) -> list[list[int]]:
    number = int(len(words) * share)
    random.shuffle(words)
    return [
        [words[turn % len(words)], random.randint(1, vocabulary_size - 1)] for turn in range(number)
    ]


def _shuffle_alike(couples: list[Any], labels: list[Any], seed: int | None) -> None:
    if seed is None:
        seed = random.randint(0, _LARGEST_SEED)
    for shuffled in (couples, labels):
        random.seed(seed)
        random.shuffle(shuffled)


def _remove_long_seq(maxlen: int, seq: Iterable[Any], label: Iterable[Any]) -> tuple[list, list]:
    """Keeps the sequences shorter than `maxlen`, and their labels."""
    kept = [(one, its) for one, its in zip(seq, label) if len(one) < maxlen]
    return [one for one, _ in kept], [its for _, its in kept]


class TimeseriesGenerator(Sequence):
    """Batches of windows of a series, each with the target that follows it.

    The window of step `row` takes every `sampling_rate`-th step from `row - length` to before
    `row`; its target is `targets[row]`.

    Args:
        data: array or list `(steps, ...)`.
        targets: array or list `(steps, ...)`.
        length: number of steps that a window goes back.
        sampling_rate: number of steps between two that are taken.
        stride: number of steps between two windows.
        start_index: the first step to be read.
        end_index: the last step that may have a window; by default the last one of all.
        shuffle: whether the windows of a batch are drawn, instead of taken in their order.
        reverse: whether the steps of a window are in the order of falling time.
        batch_size: number of windows in a batch.

    Raises:
        ValueError: data and targets differ in length, or no step has a window.

    Example:
        >>> data = np.arange(6)
        >>> batches = sequence.TimeseriesGenerator(data, data, length=3, batch_size=2)
        >>> x, y = batches[0]
        >>> x.tolist(), y.tolist()
        ([[0, 1, 2], [1, 2, 3]], [3, 4])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        if len(data) != len(targets):
            raise ValueError(
                f"TimeseriesGenerator: data has {len(data)} steps and targets has {len(targets)}; "
                "both must have as many."
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index: int = start_index + length
        self.end_index: int = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: start_index+length={self.start_index} lies behind "
                f"end_index={self.end_index}, so that no step has a window; give a shorter length "
                "or more data."
            )

    def __len__(self) -> int:
        """The number of batches."""
        steps = self.end_index - self.start_index + 1
        return -(-steps // (self.batch_size * self.stride))

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """A batch: windows `(samples, steps, ...)` and targets `(samples, ...)`."""
        rows = self._rows(index)
        windows = [self.data[row - self.length : row : self.sampling_rate] for row in rows]
        samples = np.array(windows)
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1, ...] if self.reverse else samples), targets

    def _rows(self, index: int) -> np.ndarray:
        if self.shuffle:
            return np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        span = self.batch_size * self.stride
        first = self.start_index + span * (index + len(self) if index < 0 else index)
        return np.arange(first, min(first + span, self.end_index + 1), self.stride)

    def get_config(self) -> dict[str, Any]:
        """The arguments, with the data as JSON.

        Raises:
            TypeError: the data cannot be written as JSON.
        """
        return {
            "data": _as_json(self.data, "data"),
            "targets": _as_json(self.targets, "targets"),
            "length": self.length,
            "sampling_rate": self.sampling_rate,
            "stride": self.stride,
            "start_index": self.start_index,
            "end_index": self.end_index,
            "shuffle": self.shuffle,
            "reverse": self.reverse,
            "batch_size": self.batch_size,
        }

    def to_json(self, **kwargs: Any) -> str:
        """The configuration as JSON.

        Args:
            kwargs: arguments of `json.dumps`.
        """
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def _as_json(data: Any, name: str) -> str:
    try:
        return json.dumps(data.tolist() if isinstance(data, np.ndarray) else data)
    except TypeError as error:
        raise TypeError(
            f"TimeseriesGenerator: {name} cannot be written as JSON: {error}"
        ) from error
