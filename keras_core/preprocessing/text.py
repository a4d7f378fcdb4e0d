"""Texts as lists of numbers."""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from hashlib import md5
from typing import Any, Callable

import numpy as np

from keras_core import namespaces

__all__ = ["Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]

__dir__ = namespaces.listing(__all__)

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_MODES = ("binary", "count", "tfidf", "freq")


def text_to_word_sequence(
    text: str, filters: Iterable[str] = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Cuts a text into words.

    Args:
        text: the text.
        filters: characters that part words, as `split` does.
        lower: whether words are in lower case.
        split: what stands between words.

    Returns:
        The words.

    Example:
        >>> text.text_to_word_sequence("The cat, the dog!")
        ['the', 'cat', 'the', 'dog']
    """
    text = text.lower() if lower else text
    parted = text.translate({ord(character): split for character in filters})
    return [word for word in parted.split(split) if word]


def one_hot(
    text: str, n: int, filters: Iterable[str] = _FILTERS, lower: bool = True, split: str = " "
) -> list[int]:
    """Gives each word of a text a number by Python's own hash, which changes from run to run.

    Args:
        text: the text.
        n: number of numbers, 0 counted in, which no word has.
        filters: characters that part words, as `split` does.
        lower: whether words are in lower case.
        split: what stands between words.

    Returns:
        A number between 1 and `n - 1` for each word; different words may have the same.

    Example:
        >>> codes = text.one_hot("the cat and the dog", n=100)
        >>> len(codes), codes[0] == codes[3]
        (5, True)
    """
    return hashing_trick(text, n, hash, filters, lower, split)


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: Iterable[str] = _FILTERS,
    lower: bool = True,
    split: str = " ",
) -> list[int]:
    """Gives each word of a text a number by a hash.

    Args:
        text: the text.
        n: number of numbers, 0 counted in, which no word has.
        hash_function: 'md5', which is the same in every run, or a function of a word; by default
            Python's `hash`, which is not.
        filters: characters that part words, as `split` does.
        lower: whether words are in lower case.
        split: what stands between words.

    Returns:
        A number between 1 and `n - 1` for each word; different words may have the same.

    Raises:
        ValueError: `n` leaves no number for words.
        TypeError: another word than 'md5'.

    Source: K. Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009.

    Example:
        >>> text.hashing_trick("the cat and the dog", n=100, hash_function="md5")
        [51, 3, 69, 51, 33]
    """
    if n < 2:
        raise ValueError(f"hashing_trick: n must be at least 2, so that words have 1; n is {n}.")
    hashed = _hash_function(hash_function)
    return [
        1 + hashed(word) % (n - 1) for word in text_to_word_sequence(text, filters, lower, split)
    ]


def _hash_function(given: Any) -> Callable[[str], int]:
    if given is None:
        return hash
    if given == "md5":
        return lambda word: int(md5(word.encode(), usedforsecurity=False).hexdigest(), 16)
    if not callable(given):
        raise TypeError(f"hashing_trick: hash_function must be 'md5' or a function, not {given!r}.")
    return given


class Tokenizer:
    """Learns the words of texts, and writes texts as their ranks.

    Rank 1 is that of the most frequent word, or of `oov_token`; 0 is no word's.

    Args:
        num_words: ranks of this number and above are left out; None keeps all.
        filters: characters that part words, as `split` does.
        lower: whether words are in lower case.
        split: what stands between words.
        char_level: whether each character is a word.
        oov_token: word that stands for those that are unknown or left out; by default they are
            skipped.
        document_count: number of texts that were learnt before.

    Attributes:
        word_counts: how often each word was found.
        word_docs: in how many texts it was found.
        word_index: its rank.
        index_word: the word of a rank.
        index_docs: the number of texts by rank.

    Example:
        >>> tokenizer = text.Tokenizer()
        >>> tokenizer.fit_on_texts(["The cat sat.", "The dog sat!", "the end"])
        >>> tokenizer.word_index
        {'the': 1, 'sat': 2, 'cat': 3, 'dog': 4, 'end': 5}
        >>> tokenizer.texts_to_sequences(["The dog sleeps"])
        [[1, 4]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: Iterable[str] = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        document_count: int = 0,
        **kwargs: Any,
    ) -> None:
        if "nb_words" in kwargs:
            warnings.warn("Tokenizer: nb_words is now called num_words.", stacklevel=2)
            num_words = kwargs.pop("nb_words")
        if kwargs:
            raise TypeError(f"Tokenizer has no arguments {', '.join(kwargs)}.")
        self.word_counts: dict[str, int] = OrderedDict()
        self.word_docs: dict[str, int] = defaultdict(int)
        self.filters = filters
        self.split = split
        self.lower = lower
        self.num_words = num_words
        self.document_count: int = document_count
        self.char_level = char_level
        self.oov_token = oov_token
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[str | list[str]]) -> None:
        """Learns the words of texts, after those of earlier calls.

        Args:
            texts: texts, or lists of words.
        """
        for text in texts:
            words = self._words(text)
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            # In the order of the text, so that what is written of it is the same in every run.
            for word in dict.fromkeys(words):
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        self._rank()

    def _words(self, text: str | list[str]) -> list[str]:
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return list(text.lower() if self.lower else text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def _rank(self) -> None:
        by_count = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        first = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: rank for rank, word in enumerate([*first, *by_count], 1)}
        self.index_word = {rank: word for word, rank in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Iterable[int]]) -> None:
        """Learns in how many texts ranks are; only needed where `fit_on_texts` was not called.

        Args:
            sequences: texts as lists of ranks.
        """
        for sequence in sequences:
            self.document_count += 1
            for rank in dict.fromkeys(sequence):
                self.index_docs[rank] = self.index_docs.get(rank, 0) + 1

    def texts_to_sequences(self, texts: Iterable[str | list[str]]) -> list[list[int]]:
        """Writes texts as lists of ranks.

        Args:
            texts: texts, or lists of words.
        """
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[str | list[str]]) -> Iterator[list[int]]:
        """Writes texts as lists of ranks, one after the other.

        Args:
            texts: texts, or lists of words.
        """
        for text in texts:
            ranks = (self.word_index.get(word) for word in self._words(text))
            yield self._kept(ranks)

    def _kept(self, ranks: Iterable[int | None]) -> list[int]:
        """Ranks below the limit; others become that of `oov_token`, or nothing."""
        end = self.num_words or math.inf
        known = (rank if rank is not None and rank < end else self._oov_rank() for rank in ranks)
        return [rank for rank in known if rank is not None]

    def _oov_rank(self) -> int | None:
        return None if self.oov_token is None else self.word_index.get(self.oov_token)

    def sequences_to_texts(self, sequences: Iterable[Iterable[int]]) -> list[str]:
        """Writes lists of ranks as texts.

        Args:
            sequences: lists of ranks.

        Returns:
            Texts of words with spaces between them.
        """
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Iterable[int]]) -> Iterator[str]:
        """Writes lists of ranks as texts, one after the other.

        Args:
            sequences: lists of ranks.
        """
        for sequence in sequences:
            known = (rank if rank in self.index_word else None for rank in sequence)
            yield " ".join(self.index_word[rank] for rank in self._kept(known))

    def texts_to_matrix(self, texts: Iterable[str | list[str]], mode: str = "binary") -> np.ndarray:
        """Writes each text as a row with a column for each rank.

        Args:
            texts: texts, or lists of words.
            mode: as in `sequences_to_matrix`.
        """
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> np.ndarray:
        """Writes each list of ranks as a row with a column for each rank.

        Args:
            sequences: lists of ranks.
            mode: what stands in the columns: 'binary': whether the rank occurs; 'count': how
                often; 'freq': in what share of the text; 'tfidf':
                `(1 + log(count)) * log(1 + texts / (1 + texts with the word))`.

        Returns:
            Array `(texts, num_words)` of float64; without `num_words` with a column for each word
            that was learnt, and one for 0.

        Raises:
            ValueError: no words were learnt, or the mode is another one.
        """
        if mode not in _MODES:
            raise ValueError(f"Tokenizer: mode must be one of {', '.join(_MODES)}, not {mode!r}.")
        columns = self._columns(mode)
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences):
            counts = Counter(rank for rank in sequence if rank < columns)
            for rank, count in counts.items():
                row[rank] = self._entry(mode, rank, count, len(sequence))
        return matrix

    def _columns(self, mode: str) -> int:
        if not (self.num_words or self.word_index):
            raise ValueError(
                "Tokenizer: how many columns? Give num_words, or call fit_on_texts first."
            )
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Tokenizer: for mode 'tfidf' call fit_on_texts first.")
        return self.num_words or len(self.word_index) + 1

    def _entry(self, mode: str, rank: int, count: int, length: int) -> float:
        if mode == "tfidf":
            rarity = self.document_count / (1 + self.index_docs.get(rank, 0))
            return (1 + np.log(count)) * np.log(1 + rarity)
        if mode == "freq":
            return count / length
        return count if mode == "count" else 1.0

    def get_config(self) -> dict[str, Any]:
        """The arguments, and what was learnt as JSON."""
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            "word_counts": json.dumps(self.word_counts),
            "word_docs": json.dumps(self.word_docs),
            "index_docs": json.dumps(self.index_docs),
            "index_word": json.dumps(self.index_word),
            "word_index": json.dumps(self.word_index),
        }

    def to_json(self, **kwargs: Any) -> str:
        """The configuration as JSON, which `tokenizer_from_json` reads.

        Args:
            kwargs: arguments of `json.dumps`.
        """
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Makes the Tokenizer that `Tokenizer.to_json` wrote.

    Args:
        json_string: the JSON.

    Example:
        >>> tokenizer = text.Tokenizer()
        >>> tokenizer.fit_on_texts(["The cat sat."])
        >>> text.tokenizer_from_json(tokenizer.to_json()).word_index
        {'the': 1, 'cat': 2, 'sat': 3}
    """
    config = dict(json.loads(json_string)["config"])
    learnt = {name: json.loads(config.pop(name)) for name in _LEARNT}
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts.update(learnt["word_counts"])
    tokenizer.word_docs.update(learnt["word_docs"])
    tokenizer.index_docs.update({int(rank): n for rank, n in learnt["index_docs"].items()})
    tokenizer.word_index = learnt["word_index"]
    tokenizer.index_word = {int(rank): word for rank, word in learnt["index_word"].items()}
    return tokenizer


_LEARNT = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
