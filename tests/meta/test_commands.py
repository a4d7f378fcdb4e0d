"""Commands that train, read by somebody who stops reading, and by a file."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest


@pytest.mark.parametrize("words", [["demo", "--backend", "numpy"], ["check-backend", "numpy"]])
def test_head_ends_a_long_command_quietly(tmp_path, words):
    command = [sys.executable, "-m", "keras_core", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, text=True, **pipes) as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_demo_writes_a_line_an_epoch_where_no_terminal_is(tmp_path):
    words = ["demo", "--backend", "numpy", "--epochs", "3"]
    command = [sys.executable, "-m", "keras_core", *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    text = done.stdout.partition("Training on")[2].partition("\nTest accuracy")[0]
    lines = [line for line in text.splitlines()[1:] if line]
    assert lines[::2] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    pattern = r"\d+/\d+ \[={30}\] - \d+s \d+(us|ms|s)/step - loss: \S+ - accuracy: \S+"
    assert len(lines) == 6 and all(re.fullmatch(pattern, line) for line in lines[1::2])
