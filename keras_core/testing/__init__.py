"""The conformance kit: what every backend must compute, as cases and checks.

pytest -p keras_core.testing.pytest_plugin --pyargs keras_core.testing --backend NAME
"""
