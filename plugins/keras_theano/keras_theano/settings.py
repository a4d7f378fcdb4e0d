"""The options of this backend, from the environment.

KERAS_THEANO_MODE: Theano's compilation mode ('FAST_RUN', 'FAST_COMPILE', …). Unset, Theano's own
setting `mode` counts.
"""

from __future__ import annotations

import os
from typing import Any

import theano
from theano.compile.mode import Mode, get_mode

VARIABLE = "KERAS_THEANO_MODE"


def mode() -> Mode:
    """The mode that programs are compiled in.

    Raises:
        ValueError: there is no mode of that name.
    """
    name = os.environ.get(VARIABLE) or theano.config.mode
    try:
        return get_mode(name)
    except Exception as error:
        raise ValueError(
            f"{VARIABLE}={name!r} is no mode of Theano; use 'FAST_RUN' or 'FAST_COMPILE'."
        ) from error


def keeping_memory(chosen: Mode) -> Mode:
    """The mode with results kept from call to call, so that their memory is used again.

    Less than that is done where the user has set Theano's `allow_gc`, or for a linker without it.
    """
    asked = not type(theano.config).allow_gc.is_default
    if asked or not isinstance(chosen.linker, theano.gof.vm.VM_Linker):
        return chosen
    return chosen.clone(link_kwargs={"allow_gc": False})


def runs_c(chosen: Mode) -> bool:
    """Whether nodes run as compiled C code."""
    linker: Any = chosen.linker
    return bool(theano.config.cxx) and getattr(linker, "c_thunks", None) is not False
