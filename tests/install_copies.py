"""Installs distributions of this repository from copies, so that environments can do it at once.

`python tests/install_copies.py plugins/keras_numpy …`: building in place would leave build folders,
whose stale modules find their way into later wheels.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main(folders):
    with tempfile.TemporaryDirectory() as place:
        copies = [
            shutil.copytree(
                folder,
                Path(place, Path(folder).name),
                ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"),
            )
            for folder in folders
        ]
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        subprocess.run([*command, "--no-build-isolation", *map(str, copies)], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
