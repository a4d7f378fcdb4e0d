"""News of Reuters of 1987, each a list of the ranks of its words, and their 46 topics.

Source: D. D. Lewis, "Reuters-21578 Text Categorization Test Collection", 1997.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_core.datasets import _words
from keras_core.datasets._files import arrays_of
from keras_core.utils.data_utils import get_file

if TYPE_CHECKING:
    from keras_core.datasets import Data

ORIGIN = "https://s3.amazonaws.com/text-datasets/reuters.npz"
HASH = "87aedbeb0cb229e378797a632c1997b6"
WORDS_ORIGIN = "https://s3.amazonaws.com/text-datasets/reuters_word_index.json"
WORDS_HASH = "4d44cc38712099c9e383dc6e5f11a921"


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    **kwargs: Any,
) -> Data:
    """Loads the news and their topics; downloads them at first.

    Args:
        path: name of the file in the cache's folder `datasets`.
        num_words: words of this rank and above, `index_from` counted in, become `oov_char`.
        skip_top: so do those of ranks below this one.
        maxlen: news of this length and above, `start_char` counted in, are left out.
        test_split: fraction of the news in the test part.
        seed: seed of the order.
        start_char: number that each one begins with; None for none.
        oov_char: number for words that are left out; None leaves no number.
        index_from: number added to each rank, to make room for the numbers above.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of int, 11,228 in all without
        `maxlen`, and topics of int64 between 0 and 45.

    Raises:
        OSError: the file is not there and cannot be downloaded.
        ValueError: `maxlen` leaves no news.
        TypeError: an argument that there is not.
    """
    num_words = _words.number_of_words(num_words, kwargs)
    path = get_file(path, origin=ORIGIN, file_hash=HASH)
    x, y = arrays_of(path, "x", "y")
    x, y = _words.shuffled(x, y, np.random.RandomState(seed))
    code = _words.Code(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    texts, topics = code(x, y)
    return _words.divided(texts, topics, int(len(texts) * (1 - test_split)))


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Loads the ranks of words, 1 for the most frequent one; downloads them at first.

    Args:
        path: name of the file in the cache's folder `datasets`.
    """
    return _words.word_index(path, WORDS_ORIGIN, WORDS_HASH)
