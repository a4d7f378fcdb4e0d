"""The kit's pytest plugin: the option --backend, and the backend as a fixture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("keras_core")
    group.addoption(
        "--backend",
        metavar="NAME",
        help="the backend that keras_core's conformance kit examines; the one in use by default",
    )


@pytest.fixture(scope="session")
def conformance_backend(request: Any) -> Iterator[Any]:
    """What is known of the backend under test, which is in use meanwhile (a BackendInfo)."""
    from keras_core.plugins import backend_name, use_backend
    from keras_core.plugins.discovery import backend_info, find

    name = request.config.getoption("--backend") or backend_name()
    with use_backend(name):
        yield backend_info(find(backend_name()))
