"""What `import keras` finds in a process that a program with keras_core for keras has started.

Such a process, a worker of multiprocessing for instance, takes over the program's `sys.path`, on
which this folder lies, and nothing else.
"""

from __future__ import annotations

import sys

import keras_core

del sys.modules[__name__]
keras_core.install_as_keras()
