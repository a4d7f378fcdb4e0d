"""Reviews of films, each a list of the ranks of its words, and whether the film was liked.

Source: A. L. Maas et al., "Learning Word Vectors for Sentiment Analysis", ACL 2011.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core.datasets import _words
from keras_core.datasets._files import arrays_of
from keras_core.utils.data_utils import get_file

if TYPE_CHECKING:
    from keras_core.datasets import Data

ORIGIN = "https://s3.amazonaws.com/text-datasets/imdb.npz"
HASH = "599dadb1135973df5b59232a0e9a887c"
WORDS_ORIGIN = "https://s3.amazonaws.com/text-datasets/imdb_word_index.json"
WORDS_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> Data:
    """Loads the reviews and their classes; downloads them at first.

    Args:
        path: name of the file in the cache's folder `datasets`.
        num_words: words of this rank and above, `index_from` counted in, become `oov_char`.
        skip_top: so do those of ranks below this one.
        maxlen: reviews of this length and above, `start_char` counted in, are left out.
        seed: seed of the order.
        start_char: number that each review begins with; None for none.
        oov_char: number for words that are left out; None leaves no number.
        index_from: number added to each rank, to make room for the numbers above.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of int, 25,000 each without
        `maxlen`, and classes of int64, 1 for a film that was liked. With `maxlen` the test part is
        what remains after 25,000 reviews.

    Raises:
        OSError: the file is not there and cannot be downloaded.
        ValueError: `maxlen` leaves no review.
        TypeError: an argument that there is not.
    """
    num_words = _words.number_of_words(num_words, kwargs)
    path = get_file(path, origin=ORIGIN, file_hash=HASH)
    x_train, y_train, x_test, y_test = arrays_of(path, "x_train", "y_train", "x_test", "y_test")
    random = np.random.RandomState(seed)
    x_train, y_train = _words.shuffled(x_train, y_train, random)
    x_test, y_test = _words.shuffled(x_test, y_test, random)
    code = _words.Code(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    texts, classes = code([*x_train, *x_test], np.concatenate([y_train, y_test]))
    return _words.divided(texts, classes, len(x_train))


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Loads the ranks of words, 1 for the most frequent one; downloads them at first.

    Args:
        path: name of the file in the cache's folder `datasets`.
    """
    return _words.word_index(path, WORDS_ORIGIN, WORDS_HASH)
