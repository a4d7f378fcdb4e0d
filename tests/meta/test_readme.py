"""The README's code is run, and its commands are there."""

from __future__ import annotations

import re
import shlex
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import keras_core
from keras_core import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    keras_core.uninstall_as_keras()


def test_python_blocks_run_one_after_the_other(in_a_folder_of_its_own):
    keras_core.utils.set_random_seed(1)
    names = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    assert names["accuracy"] > 0.95
    assert sys.modules["keras"].__version__ == "2.3.1"


def test_demo_reads_97_percent_and_saves_its_model(in_a_folder_of_its_own, capsys):
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    (demo,) = (line for line in commands if line.startswith("keras-core"))
    assert cli.main(shlex.split(demo)[1:]) == 0
    told = capsys.readouterr().out
    accuracy = float(re.search(r"Test accuracy: ([\d.]+)%", told).group(1))
    assert accuracy >= 97.0
    assert "Epoch 1/" in told
    assert (in_a_folder_of_its_own / "digits.h5").stat().st_size > 0
    assert len(re.findall(r"\d \([\d.]+%\), is \d", told)) == 4
    assert shape_of(shown_in(ROOT / "docs" / "assets" / "demo.svg")) <= shape_of(told.splitlines())


def shown_in(picture):
    """The lines of a terminal in an SVG, but for the command and what is left out."""
    texts = ElementTree.parse(picture).iterfind(".//{*}g/{*}text")
    return [text.text for text in texts][2:]


def shape_of(lines):
    """What is the same in every run."""
    return {re.sub(r"[\d.]+ ?([mu]?s\b)?", "#", line.rstrip()) for line in lines}


def test_what_is_installed_by_path_is_a_distribution():
    commands = [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]
    paths = [word for words in commands if words[:2] == ["pip", "install"] for word in words[2:]]
    local = [path for path in paths if path.startswith(".")]
    assert local and all((ROOT / path / "pyproject.toml").exists() for path in local)
