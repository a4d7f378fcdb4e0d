"""Starts Theano: finds BLAS and a compiler before the import, which fails or grumbles without.

What the user has set in THEANO_FLAGS or .theanorc is never overruled.
"""

from __future__ import annotations

import configparser
import ctypes.util
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_FLAGS = "THEANO_FLAGS"


def start() -> None:
    """Imports Theano, with the settings that it needs and the user did not give."""
    if "theano" in sys.modules:
        return
    with _flags(_missing(user_settings())), quiet(), _silent("theano.tensor.blas"):
        import theano
        import theano.tensor.nnet  # noqa: F401


@contextmanager
def quiet() -> Iterator[None]:
    """Without what Python says of names that NumPy has deprecated since Theano was written."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _silent(logger: str) -> Iterator[None]:
    """Without what a logger of Theano's repeats of the warning given here."""
    log = logging.getLogger(logger)
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def user_settings() -> dict[str, str]:
    """The user's settings of Theano by full name, such as 'blas.ldflags'."""
    files = os.environ.get("THEANORC", "~/.theanorc").split(os.pathsep)
    parser = configparser.ConfigParser(interpolation=None)
    parser.read([os.path.expanduser(name) for name in files])
    settings = {
        name if section == "global" else f"{section}.{name}": value
        for section in parser.sections()
        for name, value in parser.items(section)
    }
    pairs = (flag.partition("=") for flag in os.environ.get(_FLAGS, "").split(","))
    settings.update({name.strip(): value for name, given, value in pairs if given})
    return settings


def _missing(given: Mapping[str, str]) -> dict[str, str]:
    """Settings for what the user left open."""
    settings = {}
    compiler = given.get("cxx", shutil.which("g++") or "")
    if "cxx" not in given and not compiler:
        _warn("There is no C++ compiler: Theano runs in Python, slowly. Install g++ (Debian: g++).")
        settings["cxx"] = ""
    if "blas.ldflags" not in given:
        settings["blas.ldflags"] = _blas(compiler) if compiler else ""
    return settings


def _blas(compiler: str) -> str:
    for flags in _candidates():
        if _links(compiler, flags):
            return flags
    _warn(
        "OpenBLAS was not found: Theano multiplies matrices through NumPy, more slowly. Install it "
        "(Debian: libopenblas-dev), or set THEANO_FLAGS=blas.ldflags=..."
    )
    return ""


def _candidates() -> Iterator[str]:
    yield "-lopenblas"
    folder = Path(sys.prefix) / "lib"
    yield f"-L{folder} -Wl,-rpath,{folder} -lopenblas"
    found = ctypes.util.find_library("openblas")
    if found:
        yield f"-l:{found}"


def _links(compiler: str, flags: str) -> bool:
    """Whether a program that calls BLAS links with these flags."""
    source = 'extern "C" void sgemm_(); int main() { sgemm_(); }'
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "trial")
        command: list[str] = [compiler, "-x", "c++", "-", "-o", target, *flags.split()]
        done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
    return done.returncode == 0


@contextmanager
def _flags(settings: Mapping[str, str]) -> Iterator[None]:
    """THEANO_FLAGS with further settings, for as long as Theano reads them."""
    before = os.environ.get(_FLAGS)
    added = [f"{name}={value}" for name, value in settings.items()]
    os.environ[_FLAGS] = ",".join([*added, *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ[_FLAGS]
        else:
            os.environ[_FLAGS] = before


def _warn(text: str) -> None:
    warnings.warn(f"keras-theano: {text}", RuntimeWarning, stacklevel=2)
