"""`python -m keras_core` is `keras-core`."""

from __future__ import annotations

import sys

from keras_core.cli import main

sys.exit(main())
