"""Builds, checks and tries the distributions of this repository: `python -m release`."""
