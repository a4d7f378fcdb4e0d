"""What each process does that the tests of this folder start: `python worker.py FOLDER RUN ...`.

Each run leaves `RUN-RANK.pickle` in the folder: a dict of what came of it, or the text of its
error. A run is the same script for one process and for several.
"""

from __future__ import annotations

import pickle
import sys
import traceback
from pathlib import Path

import engine_runs  # noqa: F401
import runs

from keras_core import backend as K
from keras_core import distribute, ranks
from keras_core.utils import set_random_seed


def outcome(name, folder):
    """What a run gives; the same error on all ranks if it raises on any."""
    K.clear_session()
    set_random_seed(3)
    result, failure = None, None
    try:
        result = runs.RUNS[name](folder)
    except Exception:
        failure = traceback.format_exc()
    failures = [told for told in ranks.current().gathered(failure) if told]
    return failures[0] if failures else result


def main(folder, *names):
    distribute.init(quiet=False)
    rank = distribute.rank()
    for name in names:
        own = Path(folder) / f"{name}-{rank}"
        own.mkdir()
        found = outcome(name, own)
        with open(f"{own}.pickle", "wb") as file:
            pickle.dump(found, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
