"""The Theano backend of keras-core."""

__version__ = "2.0.0"
