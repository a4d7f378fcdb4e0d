"""The benchmarks run, and their tables say what was measured. No time is judged here."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

import keras_core

ROOT = Path(__file__).parents[2]


def loaded(path):
    """A module of the benchmarks, which are not installed."""
    name = f"benchmarks_{Path(path).stem}"
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*words):
    """Runs `python -m benchmarks` and returns it, finished."""
    command = [sys.executable, "-m", "benchmarks", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def measured(path, *words):
    """Runs a benchmark of the NumPy backend on tiny work; returns what it printed and its lines."""
    here = ("--offline", "--environment", f"numpy={sys.prefix}", "--lines", path)
    tiny = ("--contenders", "keras-numpy", "--processes", 1, "--scale", 0.002)
    done = run(*words, *tiny, *here)
    assert not done.returncode, done.stderr
    return done.stdout, [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("words", "cases", "values"),
    [
        (
            ("wide", "mlp", "bigembed"),
            ["mlp", "bigembed"],
            {"fit", "predict", "first", "first_and_import", "memory"},
        ),
        (
            ("growth", "depth", "recurrence", "models", "rows"),
            ["depth=1", "recurrence=1", "recurrence=2", "models=1", "models=2"]
            + ["rows=16", "rows=131", "rows=1049"],
            {"first", "step", "memory"},
        ),
        (
            ("overhead", "mlp"),
            ["mlp"],
            {"memory", "train_program", "test_program", "predict_program"}
            | {"fit", "fit_watched", "train_on_batch"}
            | {"evaluate", "evaluate_watched", "test_on_batch"}
            | {"predict", "predict_watched", "predict_once", "predict_on_batch"},
        ),
        (("small", "mlp_fit", "predict_1"), ["mlp_fit", "predict_1"], {"seconds", "first"}),
    ],
    ids=["wide", "growth", "overhead", "small"],
)
def test_a_benchmark_measures_each_case(words, cases, values, tmp_path):
    printed, lines = measured(tmp_path / "lines", *words)
    assert [line["case"] for line in lines] == cases, printed
    for line in lines:
        assert not line["error"]
        assert set(line["values"]) == values | {"memory"}
        assert all(value > 0 for value in line["values"].values())
    assert "| keras-numpy |" in printed


def test_a_contender_without_an_environment_is_left_out(tmp_path):
    places = ("--environments", tmp_path, "--offline", "--lines", tmp_path / "lines")
    done = run("wide", "mlp", "--contenders", "keras-2.3.1", *places)
    assert not done.returncode
    assert "Without keras-2.3.1: there is no environment keras-2" in done.stderr


def test_who_fails_is_named_with_the_reason(tmp_path):
    printed, lines = measured(tmp_path / "lines", "small", "import", "--limit", "0.001")
    assert [line["values"] for line in lines] == [{}]
    assert "keras-numpy failed at import: not done within 0 s" in printed


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("wide", "vgg"), "there is no 'vgg', but logreg, mlp"),
        (("wide", "--environment", "numpy"), "'numpy' is not NAME=FOLDER"),
        (("growth", "--contenders", "plain-numpy"), "invalid choice: 'plain-numpy'"),
    ],
)
def test_the_command_line_refuses(words, complaint):
    assert complaint in run(*words).stderr


# Tables, of lines that were not measured


def line(run, benchmark, case, contender, round_, **values):
    fields = {"run": run, "benchmark": benchmark, "case": case, "contender": contender}
    return json.dumps({**fields, "round": round_, "values": values, "error": ""})


def tables_of(tmp_path, *files, reference=()):
    paths = [tmp_path / f"{number}.jsonl" for number in range(len(files))]
    for path, lines in zip(paths, files):
        path.write_text("\n".join(lines), "utf-8")
    done = run("table", *paths, *reference)
    assert not done.returncode, done.stderr
    return done.stdout


def test_ratios_are_of_the_best_and_of_pairs_within_a_run(tmp_path):
    first = [
        line("A", "wide", "mlp", "keras-numpy", 0, fit=0.0005),
        line("A", "wide", "mlp", "tf-keras", 0, fit=0.002),
        line("A", "wide", "mlp", "tf-keras", 1, fit=0.001),
        line("A", "wide", "mlp", "keras-numpy", 1, fit=0.0005),
    ]
    second = [
        line("B", "wide", "mlp", "keras-numpy", 0, fit=0.001),
        line("B", "wide", "mlp", "tf-keras", 0, fit=0.0025),
    ]
    tables = tables_of(tmp_path, first, second)
    # Pairs: 0.25, 0.5 and 0.4; best: 500 µs and 1 ms.
    assert "| mlp | 500 µs (0.50; 0.40) | 1.00 ms |" in tables
    turned = tables_of(tmp_path, first, second, reference=("--reference", "keras-numpy"))
    assert "| mlp | 500 µs | 1.00 ms (2.00; 2.50) |" in turned


def test_growth_tells_the_cost_of_a_unit(tmp_path):
    lines = [
        line("A", "growth", "depth=11", "keras-numpy", 0, first=0.3, memory=51),
        line("A", "growth", "depth=1", "keras-numpy", 0, first=0.1, memory=50),
        line("A", "growth", "width=10", "keras-numpy", 0, step=0.001),
        line("A", "growth", "width=20", "keras-numpy", 0, step=0.0016),
    ]
    tables = tables_of(tmp_path, lines)
    assert "| depth 1 | 100 ms |\n| depth 11 | 300 ms (20.0 ms a layer) |" in tables
    assert "| depth 1 | 50.0 MB |\n| depth 11 | 51.0 MB (100 kB a layer) |" in tables
    # 600 weights more: two layers of 20 x 20 instead of 10 x 10.
    assert "| width 20 | 1.60 ms (1.00 µs a weight) |" in tables


def test_overhead_is_what_a_step_takes_beyond_its_program(tmp_path):
    lines = [
        line("A", "overhead", "mlp", "keras-numpy", 0, fit=150e-6, train_program=100e-6),
        line("A", "overhead", "mlp", "keras-numpy", 1, fit=170e-6, train_program=110e-6),
    ]
    tables = tables_of(tmp_path, lines)
    assert "| the program to train | 100 µs |" in tables
    assert "| fit | 55.0 µs |" in tables


# What a shared step costs


@pytest.fixture(scope="module")
def cost():
    return loaded("cost.py")


def test_sums_take_the_rounds_of_the_better_algorithm(cost):
    link = cost.Link(latency=1e-4, bandwidth=1e9)
    assert link.sums(1, 1e6) == 0
    assert link.sums(2, 1e6) == pytest.approx(1e-4 + 1e-3)
    # Short: three rounds of everything. Long: three rounds to scatter, three to gather.
    assert link.sums(8, 1e3) == pytest.approx(3 * (1e-4 + 1e-6))
    assert link.sums(5, 1e8) == pytest.approx(6e-4 + 1.6 * 0.1)


@pytest.mark.parametrize("scale", [1, 1e-6])
def test_what_is_fitted_is_found_again(scale, cost):
    compute, link = cost.Compute(2 * scale, 0.5 * scale), cost.Link(scale, 4 / scale)
    found = cost.fitted_compute([(rows, compute.step(rows)) for rows in (4, 16, 64)])
    assert (found.fixed, found.per_row) == pytest.approx((compute.fixed, compute.per_row))
    found = cost.fitted_link([(size, link.sums(2, size)) for size in (1, 100, 1e7)])
    assert (found.latency, found.bandwidth) == pytest.approx((link.latency, link.bandwidth))


def test_no_part_of_a_step_is_less_than_nothing(cost):
    compute = cost.fitted_compute([(1, 0.5), (2, 2.0)])
    assert compute.fixed == 0
    assert compute.per_row == pytest.approx((0.5 / 0.25 + 4 / 4) / (1 / 0.25 + 4 / 4))
    assert cost.fitted_link([(10, 5.0)]) == cost.Link(0.0, 2.0)


def test_what_ranks_gain_is_measured_and_said_by_the_model(tmp_path):
    lines = [
        line("A", "ranks", "lstm", "keras-numpy-on-1", 0, fit=0.020, half=0.012, quarter=0.008),
        line(
            *("A", "ranks", "lstm", "keras-numpy-on-2", 0),
            fit=0.0125,
            sums=0.001,
            messages=3,
            bytes=1e6,
        ),
    ]
    tables = tables_of(tmp_path, lines)
    # A step is 4 ms and 0.5 ms a row; so half a batch of 32 takes 12 ms, and the sums 1 ms.
    assert "| lstm | 20.0 ms | 12.5 ms | 1.60 | 1.54 | 3 | 1.00 MB | 1.00 ms |" in tables
    # 16 ranks: 5 ms, and 8 rounds of 30 µs and 1.5 ms at 10 Gbit/s.
    assert "| lstm | 3.0 |" in tables
    assert "| lstm | 92% |" in tables


# Models

# Counted by hand from the layers; that of resnet is the published one, with ten classes.
PARAMETERS = {
    "logreg": 784 * 10 + 10,
    "mlp": 64 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10,
    "deep64": 63 * (64 * 64 + 64) + 64 * 10 + 10,
    "wide": 512 * 2048 + 2048 + 2048 * 2048 + 2048 + 2048 * 10 + 10,
    "mnist_cnn": 320 + 18_496 + 9216 * 128 + 128 + 1290,
    "cifar_bn": 896 + 9248 + 18_496 + 36_928 + 4 * (32 + 32 + 64 + 64) + 650,
    "resnet": 23_587_712 + 2048 * 10 + 10,
    "lstm": 4 * 128 * (128 + 128 + 1),
    "bigru_text": 20_000 * 128 + 2 * 3 * 64 * (128 + 64 + 2) + 129,
    "conv1d_text": 20_000 * 64 + 5 * 64 * 128 + 128 + 129,
    "bigembed": 200_000 * 32 + 33,
    "convlstm": 4 * 16 * (9 + 9 * 16 + 1) + 17,
    "sepconv": 9 * 32 + 32 * 64 + 64 + 9 * 64 + 64 * 64 + 64 + 650,
}


@pytest.fixture(scope="module")
def models():
    return loaded("workers/models.py").MODELS


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_model_is_what_it_is_said_to_be(name, models):
    assert models[name].model(keras_core).count_params() == PARAMETERS[name]


@pytest.mark.parametrize("name", [*(n for n in PARAMETERS if n != "resnet"), "resnet_small"])
def test_its_data_fit_a_model(name, models):
    x, y = models[name].data(2)
    assert len(x) == len(y) == 2
    assert models[name].model(keras_core).test_on_batch(x, y) > 0
