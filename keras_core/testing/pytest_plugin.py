"""The kit's pytest plugin: the options --backend and --shard.

pytest loads it wherever keras-core is installed. So it declares them only for a run that names the
kit: other projects may have options of these names. All else is in `conftest.py`.
"""

from __future__ import annotations

from typing import Any

_KIT = "keras_core.testing"


def pytest_addoption(parser: Any, pluginmanager: Any) -> None:
    arguments = pluginmanager.get_plugin("pytestconfig").invocation_params.args
    if any(str(argument).startswith(_KIT) for argument in arguments):
        group = parser.getgroup("keras_core")
        group.addoption(
            "--backend",
            metavar="NAME",
            help="the backend that the conformance kit examines; the one in use by default",
        )
        group.addoption(
            "--shard",
            metavar="I/N",
            help="deal the checks out to N runs, and do those of the I-th one",
        )
