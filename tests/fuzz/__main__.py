"""Reads mutated model files and texts, and counts what goes wrong.

    python tests/fuzz --count 2000 --seed 0
    python tests/fuzz --count 1 --first 1234 --seed 0      # one again, as a failure names it

Each input is read in a worker process with a limit of memory and of time, under an audit hook that
sees code that runs, files that are opened, connections and processes. The same seed and number give
the same input. Formats are listed in `worker.KINDS`; one more needs a mutation and a reader there.
"""

from __future__ import annotations

import argparse
import os
import queue
import subprocess
import sys
import threading
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="how many inputs")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", help="one format only")
    parser.add_argument("--seconds", type=float, default=30, help="for one input")
    parser.add_argument("--memory", type=int, default=1024, help="MB for the worker's own use")
    options = parser.parse_args()
    outcomes, faults = run(options)
    print(", ".join(f"{count} {what}" for what, count in sorted(outcomes.items())))
    for number, what in faults:
        print(f"input {number}: {what}")
    return min(len(faults), 100)


def run(options: argparse.Namespace) -> tuple[Counter, list[tuple[int, str]]]:
    """Counts outcomes, and lists faults with the numbers of their inputs."""
    outcomes: Counter = Counter()
    faults: list[tuple[int, str]] = []
    number, last = options.first, options.first + options.count
    try:
        while number < last:
            number = _read_from(number, last, options, outcomes, faults)
    except KeyboardInterrupt:
        print(f"interrupted after {sum(outcomes.values())} inputs")
    return outcomes, faults


def _read_from(number, last, options, outcomes, faults):
    """Has a worker read from a number on; returns the number after that where it ended."""
    kind = ["--kind", options.kind] if options.kind else []
    numbers = (options.seed, number, last, options.memory)
    names = ("seed", "first", "last", "memory")
    words = [w for name, value in zip(names, numbers) for w in (f"--{name}", str(value))]
    worker = subprocess.Popen(
        [sys.executable, os.path.join(HERE, "worker.py"), *words, *kind],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "numpy")},
    )
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=_pass_on, args=(worker.stdout, lines), daemon=True).start()
    began = None
    try:
        while True:
            line = lines.get(timeout=options.seconds if began is not None else 600)
            if line is None:
                break
            word, at, *what = line.split(maxsplit=2)
            number, began = int(at) + (word == "end"), (int(at) if word == "begin" else None)
            if word == "end":
                outcomes[what[0].split()[0]] += 1
                faults += [(int(at), what[0])] if what[0].startswith("FAULT") else []
        ended = f"the worker ended with {worker.wait()}"
    except queue.Empty:
        ended = f"not done in {options.seconds:g} s"
    finally:
        worker.kill()
        worker.wait()
    if number < last:
        if began is None:
            raise SystemExit(f"The worker did not begin: {ended}")
        outcomes["FAULT"] += 1
        faults.append((number, f"FAULT: {ended}"))
        number += 1
    return number


def _pass_on(stream, lines):
    for line in stream:
        if line.startswith(("begin", "end")):
            lines.put(line.rstrip("\n"))
    lines.put(None)


if __name__ == "__main__":
    sys.exit(main())
