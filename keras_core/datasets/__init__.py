"""Data sets to learn and to test with; `digits` ships in the package."""
