"""The TensorFlow 2 backend of keras-core; importing it does not import TensorFlow."""

__version__ = "2.0.0"
