"""The benchmark of two ranks runs. No time is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_two_ranks_are_measured_beside_one(tmp_path):
    lines = tmp_path / "lines"
    words = ["ranks", "mlp", "lstm", "--contenders", "keras-numpy-on-1", "keras-numpy-on-2"]
    words += ["--offline", "--environment", f"numpy={sys.prefix}", "--lines", str(lines)]
    words += ["--processes", "1", "--scale", "0.01"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert not done.returncode, done.stderr
    records = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert not any(record["error"] for record in records), records
    shared = {r["case"]: r["values"] for r in records if r["contender"] == "keras-numpy-on-2"}
    # The loss goes beside the gradients; two matrices of the LSTM go by themselves.
    assert (shared["mlp"]["messages"], shared["mlp"]["bytes"]) == (1, 4 * 17_226 + 4)
    assert (shared["lstm"]["messages"], shared["lstm"]["bytes"]) == (3, 4 * 131_584 + 4)
    assert "| mlp |" in done.stdout and "256 ranks" in done.stdout
