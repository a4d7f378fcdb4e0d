"""Two thousand mutated files and texts, none of which does more than be refused or read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_mutated_inputs_are_refused_or_read():
    words = [sys.executable, str(Path(__file__).parent), "--count", "2000", "--seed", "0"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " loaded, " in done.stdout
    assert " refused" in done.stdout
    assert "FAULT" not in done.stdout


def test_an_audit_hook_sees_what_a_file_must_not_do(tmp_path):
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import guard, marshal, os, socket
seen = []
watching = guard.Guard()
deeds = {{
    "open": lambda: open(os.devnull).close(),
    "exec": lambda: exec("1"),
    "marshal.loads": lambda: marshal.loads(marshal.dumps(1)),
    "socket": lambda: socket.socket().close(),
    "os.system": lambda: os.system("true"),
    "import": lambda: __import__("antigravity_that_is_missing"),
}}
for name, deed in deeds.items():
    watching.watch(frozenset())
    try:
        deed()
    except ImportError:
        pass
    found = watching.rest()
    assert any(event.startswith(name) for event in found), (name, found)
watching.watch(frozenset([os.devnull]))
open(os.devnull).close()
assert watching.rest() == []
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
