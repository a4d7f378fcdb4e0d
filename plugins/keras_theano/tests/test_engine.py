"""What is set before Theano is imported."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from keras_theano import engine


@pytest.fixture
def no_settings(monkeypatch, tmp_path):
    monkeypatch.delenv("THEANO_FLAGS", raising=False)
    monkeypatch.setenv("THEANORC", str(tmp_path / "absent"))


def test_settings_of_flags_win_over_those_of_the_file(monkeypatch, tmp_path):
    file = tmp_path / "theanorc"
    file.write_text("[global]\nmode = FAST_RUN\n[blas]\nldflags = -lmine\n")
    monkeypatch.setenv("THEANORC", str(file))
    monkeypatch.setenv("THEANO_FLAGS", "mode=FAST_COMPILE,floatX=float32")
    wanted = {"mode": "FAST_COMPILE", "blas.ldflags": "-lmine", "floatX": "float32"}
    assert engine.user_settings() == wanted


def test_nothing_that_the_user_set_is_set_again():
    assert engine._missing({"cxx": "g++", "blas.ldflags": "-lmine"}) == {}


def test_no_compiler_is_told(monkeypatch):
    monkeypatch.setattr(engine.shutil, "which", lambda name: None)
    with pytest.warns(RuntimeWarning, match="no C\\+\\+ compiler"):
        assert engine._missing({}) == {"cxx": "", "blas.ldflags": ""}


def test_no_blas_is_told_with_the_package_to_install(monkeypatch):
    monkeypatch.setattr(engine, "_links", lambda compiler, flags: False)
    with pytest.warns(RuntimeWarning, match="libopenblas-dev"):
        assert engine._missing({"cxx": "g++"}) == {"blas.ldflags": ""}


def test_the_first_flags_that_link_are_taken(monkeypatch):
    monkeypatch.setattr(engine, "_links", lambda compiler, flags: flags.startswith("-L"))
    assert engine._blas("g++").endswith("-lopenblas")


def test_flags_are_put_back(monkeypatch, no_settings):
    with engine._flags({"cxx": ""}):
        assert os.environ["THEANO_FLAGS"] == "cxx="
    assert "THEANO_FLAGS" not in os.environ


def test_a_program_runs_without_a_compiler(tmp_path):
    code = (
        "import numpy as np; from keras_core import backend as K; "
        "x = K.placeholder((None, 4, 4, 1)); k = K.constant(np.ones((3, 3, 1, 1))); "
        "f = K.function([x], [K.conv2d(x, k)]); print(f([np.ones((2, 4, 4, 1))])[0].mean())"
    )
    environment = dict(os.environ, KERAS_BACKEND="theano", PATH="", KERAS_HOME=str(tmp_path))
    environment.pop("THEANO_FLAGS", None)
    environment.pop("KERAS_THEANO_MODE", None)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.stdout == "9.0\n", done.stderr
    assert done.stderr.lower().count("warning:") == 1
