"""What is here needs MPI."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("mpi4py") else ["test_*.py"]
