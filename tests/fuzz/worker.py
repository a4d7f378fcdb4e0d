"""A process that reads one mutated input after the other, and tells what came of each.

It writes a line before each input, so that whoever started it knows which one it hung or died on.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import resource
import shutil
import sys
import tempfile
import warnings

import forging
import guard
import mutate
import seeds

from keras_core.attempt import memory_scope
from keras_core.errors import ModelFileError
from keras_core.models import load_model, model_from_json, model_from_yaml
from keras_core.utils import hdf5_gate

KINDS = ("h5 bytes", "h5 structure", "h5 forged", "json", "yaml", "keras", "tfjs")
MEBIBYTE = 2**20
# What Python and its libraries take for themselves while a small file is read.
OVERHEAD = 48 * MEBIBYTE
MEMORY_OF_TEXTS = 2**26


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("seed", "first", "last", "memory"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--kind", choices=KINDS)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    made = seeds.models()
    reader = Reader(made)
    limit = _status("VmSize") + options.memory * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for number in range(options.first, options.last):
        print("begin", number, flush=True)
        print("end", number, reader.outcome(number, options.seed, options.kind), flush=True)


def _status(field: str) -> int:
    """A size of this process, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            found = next(line for line in lines if line.startswith(f"{field}:"))
    except OSError:
        return 0
    return int(found.split()[1]) * 1024


class Reader:
    """Makes inputs by number, and reads them under the eyes of a guard."""

    def __init__(self, made: list) -> None:
        self.made = made
        self.files = seeds.hdf5_files(made)
        self.configs = seeds.configurations(made)
        self.archives = seeds.archives(made)
        self.folders = seeds.folders(made)
        samples = [forging.sample(form) for form in forging.FORMS]
        self.samples = [(sample, forging.parts(sample)) for sample in samples]
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "model.h5")
        for file in range(len(self.files)):  # what is imported at first use is imported now
            self._read_file(self.files[file], file)
        model_from_yaml(made[0].to_yaml())
        for archive in self.archives:
            self._archive_reader(archive)[0]()
        for files in self.folders:
            self._folder_reader(files)[0]()
        for sample, _ in self.samples:
            self._sample_reader(sample)[0]()
        self.guard = guard.Guard()

    def outcome(self, number: int, seed: int, only: str | None) -> str:
        """`loaded`, `refused`, or `FAULT` and what was wrong."""
        r = random.Random(f"{seed} {number}")
        kind = only or KINDS[number % len(KINDS)]
        read, size = self._prepared(r, kind)
        before = self._start_measuring()
        self.guard.watch(frozenset([self.path, *self._beside()]))
        try:
            result = self._judged(read)
        finally:
            seen = self.guard.rest()
        taken = _status("VmHWM") - before
        gc.collect()
        if seen:
            return f"FAULT {kind}: {seen[0]}"
        if taken > 4 * size + 64 * MEBIBYTE + OVERHEAD:
            return f"FAULT {kind}: took {taken // MEBIBYTE} MB for {size} bytes"
        return result if not result.startswith("FAULT") else f"{result} ({kind})"

    def _start_measuring(self) -> int:
        try:
            with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
                file.write("5")
        except OSError:
            return 2**62
        return _status("VmRSS")

    def _prepared(self, r: random.Random, kind: str):
        if kind in ("json", "yaml"):
            config = r.choice(self.configs)
            text = mutate.as_json(r, config) if kind == "json" else mutate.as_yaml(r, config)
            read = model_from_json if kind == "json" else model_from_yaml

            def read_text():
                with memory_scope(MEMORY_OF_TEXTS):
                    read(text)

            return read_text, len(text)
        if kind == "keras":
            return self._archive_reader(mutate.archive_of(r, r.choice(self.archives)))
        if kind == "tfjs":
            return self._folder_reader(mutate.folder_of(r, r.choice(self.folders)))
        if kind == "h5 forged":
            return self._sample_reader(forging.changed(r, *r.choice(self.samples)))
        number = r.randrange(len(self.files))
        change = mutate.bytes_of if kind == "h5 bytes" else mutate.structure_of
        content = change(r, self.files[number])
        with open(self.path, "wb") as file:
            file.write(content)
        return (lambda: self._read(number)), len(content)

    def _sample_reader(self, content: bytes):
        with open(self.path, "wb") as file:
            file.write(content)

        def read() -> None:
            with hdf5_gate.opened(self.path).node as file:
                forging.read_all(hdf5_gate.Gate(file))

        return read, len(content)

    def _archive_reader(self, content: bytes):
        path = os.path.join(self.folder.name, "model.keras")
        with open(path, "wb") as file:
            file.write(content)

        return (lambda: load_model(path)), len(content)

    def _folder_reader(self, files: dict[str, bytes]):
        folder = os.path.join(self.folder.name, "model.tfjs")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        for name, content in files.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(content)
        return (lambda: load_model(folder)), sum(map(len, files.values()))

    def _beside(self) -> list[str]:
        """The files of archives and folders, and the folder, which is held while it is read."""
        return [
            os.path.join(folder, name)
            for folder, _, names in os.walk(self.folder.name)
            for name in names
        ] + [os.path.join(self.folder.name, "model.tfjs")]

    def _read_file(self, content: bytes, number: int) -> None:
        with open(self.path, "wb") as file:
            file.write(content)
        self._read(number)

    def _read(self, number: int) -> None:
        model = self.made[number // 2]
        if number % 2:
            before = model.get_weights()
            try:
                model.load_weights(self.path)
            except ModelFileError:
                after = model.get_weights()
                assert all((a == b).all() for a, b in zip(before, after)), "half loaded"
                raise
            finally:
                model.set_weights(before)
        else:
            load_model(self.path)

    def _judged(self, read) -> str:
        try:
            read()
        except ModelFileError as error:
            lacks = not (error.reason and isinstance(error, ValueError))
            if lacks or len(str(error)) > 3000:
                return f"FAULT message: {str(error)[:200]!r}"
            return "refused"
        except BaseException as error:
            return f"FAULT {type(error).__name__}: {str(error)[:200]!r}"
        return "loaded"


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # a heap that a file has damaged shall not fail at the end
