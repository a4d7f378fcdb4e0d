"""The examples are run as a user runs them, and reach what they promise."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# What the last line of each example tells has to be at least this.
LEAST = {
    "autoencoder": 0.5,
    "cart_pole": 180,
    "char_generation": 0.4,
    "cnn_augmented": 0.78,
    "custom_layer": 0.97,
    "custom_training": 0.8,
    "digit_sums": 0.95,
    "dream": 0.95,
    "forecast": 0.7,
    "gan": 5,
    "grid_search": 0.95,
    "many_models": 0.95,
    "mlp": 0.96,
    "saliency": 0.75,
    "seq2seq_attention": 0.95,
    "siamese": 0.93,
    "stateful_lstm": 0.95,
    "text_lstm": 0.85,
    "transfer": 0.85,
    "vae": 0.4,
}
ON_EVERY_ENGINE = ["custom_layer", "custom_training", "vae"]
NEEDED = {"cnn_augmented": "scipy", "grid_search": "sklearn", "many_models": "distributed"}


def run(name, output, *options):
    """Runs an example in a process of its own; gives what it printed."""
    command = [sys.executable, EXAMPLES / f"{name}.py", "--output", output, *options]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert finished.returncode == 0, finished.stderr
    assert "Warning:" not in finished.stderr
    return finished.stdout


def check(name, output):
    told = run(name, output)
    reached = float(re.fullmatch(r".*: (\d+\.\d+)", told.splitlines()[-1]).group(1))
    assert reached >= LEAST[name]
    if find_spec("matplotlib"):
        assert (output / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    else:
        assert "keras-core[plot]" in told


@pytest.mark.parametrize("name", ON_EVERY_ENGINE)
def test_reaches_what_it_promises_on_every_engine(name, tmp_path):
    check(name, tmp_path)


@pytest.mark.parametrize("name", sorted(LEAST.keys() - set(ON_EVERY_ENGINE)))
def test_reaches_what_it_promises(name, tmp_path):
    if name in NEEDED:
        pytest.importorskip(NEEDED[name])
    check(name, tmp_path)


def test_epochs_are_an_option(tmp_path):
    assert "Epoch 2/2" in run("mlp", tmp_path, "--epochs", "2")


def test_every_example_is_tried_and_shown():
    scripts = {path.stem for path in EXAMPLES.glob("[!_]*.py")}
    gallery = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert scripts == LEAST.keys()
    assert set(re.findall(r"\]\((\w+)\.py\)", gallery)) == scripts
    assert set(re.findall(r'src="pictures/(\w+)\.png"', gallery)) == scripts


def test_every_picture_is_small():
    pictures = list((EXAMPLES / "pictures").iterdir())
    assert {picture.stem for picture in pictures} == LEAST.keys()
    assert max(picture.stat().st_size for picture in pictures) < 40_000
