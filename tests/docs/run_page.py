"""Runs all code of pages: `python run_page.py GIVEN.py PAGE.md …`, in a folder of its own.

Blocks of `python`, `pycon` and `sh` run one after the other, the first two in one namespace. A
title says what else a block is: the name of a file that the page's reader writes, or
`not run here: ` and why. `<!-- example -->` begins anew, after what stands in GIVEN.py. The counts
come out as JSON.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from sybil import Region, Sybil
from sybil.evaluators.doctest import DocTestEvaluator
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.abstract.doctest import DocTestStringParser
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

import keras_core

FOLDER = Path.cwd()
DEFAULTS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
_INFO = re.compile(r'(?P<language>\w*)(?: title="(?P<title>[^"\n]*)")?[ ]*$\n', re.MULTILINE)
_LANGUAGES = ("python", "pycon", "sh")
_OF_INSTALLING = ("pip install", "python -m venv", "apt-get", "npm install", "git clone")

counts: Counter[str] = Counter()
_examples = DocTestStringParser(DocTestEvaluator(doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE))
_python = PythonEvaluator()


def evaluate_python(example):
    counts["blocks"] += 1
    return _python(example)


def evaluate_shell(example):
    counts["blocks"] += 1
    done = subprocess.run(["bash", "-e", "-c", example.parsed], capture_output=True, text=True)
    return None if done.returncode == 0 else f"{example.parsed}\n{done.stdout}\n{done.stderr}"


def code(document):
    """The regions of a page that run; what does not is counted by its reason."""
    for region in RawFencedCodeBlockLexer(_INFO)(document):
        language, title = region.lexemes["language"], region.lexemes["title"] or ""
        source = region.parsed = region.lexemes["source"]
        if title.startswith("not run here: "):
            counts["not run"] += 1
        elif re.fullmatch(r"[\w.-]+\.\w+", title):
            region.evaluator = lambda example, name=title: (
                Path(name).write_text(example.parsed) and None
            )
            yield region
        elif language == "pycon":
            counts["blocks"] += 1
            for part in _examples(source, document.path):
                counts["examples"] += 1
                part.adjust(region, source)
                yield part
        elif language == "sh" and any(map(installs, source.splitlines())):
            raise ValueError(f"A block installs, and does not say so: {source}")
        elif language in _LANGUAGES:
            region.evaluator = evaluate_python if language == "python" else evaluate_shell
            yield region


def installs(line):
    return line.startswith(_OF_INSTALLING)


def beginnings(given):
    """Where examples begin that have nothing to do with what stands before them."""

    def begin(example):
        keras_core.backend.clear_session()
        for name, value in DEFAULTS.items():
            keras_core.config.set_option(name, value)
        os.chdir(tempfile.mkdtemp(dir=FOLDER))
        example.namespace.clear()
        exec(given, example.namespace)

    def found(document):
        for mark in re.finditer(r"^<!-- example -->$", document.text, re.MULTILINE):
            yield Region(mark.start(), mark.end(), evaluator=begin)

    return found


def main(given, *pages):
    sybil = Sybil([code, beginnings(Path(given).read_text(encoding="utf-8"))])
    for page in pages:
        for example in sybil.parse(Path(page)).examples():
            example.evaluate()
    print("\n" + json.dumps(counts))


if __name__ == "__main__":
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    main(*sys.argv[1:])
