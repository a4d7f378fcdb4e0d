"""Makes arrays of images, series and texts."""

from keras_core import missing, namespaces
from keras_core.preprocessing import image, sequence, text

__all__ = ["image", "sequence", "text"]

__dir__ = namespaces.listing(__all__)
missing.explain_attributes(globals())
