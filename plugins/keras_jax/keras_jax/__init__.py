"""The JAX backend of keras-core."""

__version__ = "2.4.0"
