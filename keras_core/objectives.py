"""The old name of `keras_core.losses`, under which everything there is found too."""

from keras_core.losses import *  # noqa: F403
from keras_core.losses import __all__, __dir__  # noqa: F401
