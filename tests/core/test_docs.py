"""What the documents say: links lead somewhere, tables agree with the code, examples run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from keras_core import config

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_repository_lead_to_files(document):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (document.parent / target).exists()]
    assert not missing


def test_table_of_settings_is_that_of_the_code():
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for option in config.OPTIONS.values():
        default = f"`{option.default}`" if option.default else "none"
        row = (f"`{option.name}`", f"`{option.environment}`", default, option.wanted)
        assert "| " + " | ".join((*row, option.description)) + " |" in text
    assert text.count("\n| `") == len(config.OPTIONS)


def test_backend_of_the_guide_runs_a_program(sandbox):
    text = (ROOT / "docs" / "writing-a-backend.md").read_text(encoding="utf-8")
    plugin, backend = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    plugin = plugin.replace("keras_mine.backend", "keras_mine_backend")
    sandbox.distribution("keras-mine", plugin, "mine")
    (sandbox.site / "keras_mine_backend.py").write_text(backend)
    code = """
        import numpy as np
        from keras_core import backend as K
        x, w = K.placeholder((None, 2)), K.variable([3.0, 4.0])
        f = K.function([x], [x * w], updates=[K.update_add(w, w)])
        print(f([np.ones((1, 2))])[0].tolist(), f([np.ones((1, 2))])[0].tolist(), K.get_value(w))
    """
    done = sandbox.run(code, KERAS_BACKEND="mine")
    assert done.stdout == "[[3.0, 4.0]] [[6.0, 8.0]] [12. 16.]\n", done.stderr
