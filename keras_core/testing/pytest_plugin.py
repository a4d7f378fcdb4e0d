"""The kit's pytest plugin: the option --backend.

pytest loads it wherever keras-core is installed. So it declares the option only for a run that
names the kit: other projects may have an option of that name. All else is in `conftest.py`.
"""

from __future__ import annotations

from typing import Any

_KIT = "keras_core.testing"


def pytest_addoption(parser: Any, pluginmanager: Any) -> None:
    arguments = pluginmanager.get_plugin("pytestconfig").invocation_params.args
    if any(str(argument).startswith(_KIT) for argument in arguments):
        parser.getgroup("keras_core").addoption(
            "--backend",
            metavar="NAME",
            help="the backend that the conformance kit examines; the one in use by default",
        )
