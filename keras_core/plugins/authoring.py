"""What authors of backends use of the core, beside `keras_core.graph` and `keras_core.plugins`.

- Programs: `optimize` for a learning phase, `expand` to what the backend lowers, `program_of` a
  model; `order` of nodes, `with_inner` for those in loops too, a loop's `Body`, `made_by`,
  `keeps_zeros`; `collector_paused` for what makes many nodes at once.
- Lowerings: `collect_lowerings` of all families, `only_where` for kernels of some nodes.
- Shapes and dtypes: `Shape`, `is_known`, `FLOATS`, `checked_dtype`.
- Windows of convolution and pooling: `Window` with `Counts` and `Pairs`, `same_padding`,
  `spatial_of`, `channels_of`, `channels_last`, `channels_back`.
- Random numbers: `RandomState`, `generator`, `inside_loop`, `has_own_seed`, `current_run`.
- Variables and templates: `FirstValue`, `StandIn`, `Binding`.
- Pure functions: `FunctionalBackend`, `variables_read`, `NeedsValues`.
- Functions of the engine's own arrays: `native`, `checked_results`.
- Steps of Adam: `adam_steps`, `AdamStep`.
- Errors: `named` tells one with the node that failed, `place_of` where that comes from; indices out
  of range are refused by `indices_checked` before a program runs, and by `refuse_outside`.
- Sums over all processes that work together: `sums_over_ranks`; `begin_sums`, where
  `sends_meanwhile`; `sums_for_updates`, `rows_to_update` and `rows_updated`, where
  `shares_updates`; a `World` of the engine's own, such as `EngineRanks`; `current`, which is that
  of this process.
- Signals: `Unbroken`, a context in which none is heard until its end, for calls of an engine that
  throws away what a signal's handler raises within them.
- Settings: `get_option`.

A plugin's module with the hooks imports none of this: it would load the graph for each listing.
"""

from __future__ import annotations

from keras_core import namespaces
from keras_core.config import get_option
from keras_core.graph import order
from keras_core.graph.collector import collector_paused
from keras_core.graph.passes import optimize
from keras_core.graph.passes.expand import expand
from keras_core.graph.primitive import made_by
from keras_core.graph.provenance import named, place_of
from keras_core.graph.randomness import (
    RandomState,
    current_run,
    generator,
    has_own_seed,
    inside_loop,
)
from keras_core.graph.scan.body import Body, with_inner
from keras_core.graph.sparsity import keeps_zeros
from keras_core.graph.spec import FLOATS, Shape, checked_dtype, is_known
from keras_core.graph.template import Binding, StandIn
from keras_core.graph.tensor import FirstValue
from keras_core.graph.windows import (
    Counts,
    Pairs,
    Window,
    channels_back,
    channels_last,
    channels_of,
    same_padding,
    spatial_of,
)
from keras_core.pieces import rows_to_update, rows_updated, shares_updates, sums_for_updates
from keras_core.plugins.adam import AdamStep, adam_steps
from keras_core.plugins.divided import NeedsValues
from keras_core.plugins.engine_ranks import EngineRanks
from keras_core.plugins.functional import FunctionalBackend
from keras_core.plugins.indices import indices_checked, refuse_outside
from keras_core.plugins.lowering import collect_lowerings, only_where
from keras_core.plugins.native import checked_results, native
from keras_core.plugins.programs import program_of, variables_read
from keras_core.ranks import World, begin_sums, current, sends_meanwhile, sums_over_ranks
from keras_core.unbroken import Unbroken

__all__ = [
    "FLOATS",
    "AdamStep",
    "Binding",
    "Body",
    "Counts",
    "EngineRanks",
    "FirstValue",
    "FunctionalBackend",
    "NeedsValues",
    "Pairs",
    "RandomState",
    "Shape",
    "StandIn",
    "Unbroken",
    "Window",
    "World",
    "adam_steps",
    "begin_sums",
    "channels_back",
    "channels_last",
    "channels_of",
    "checked_dtype",
    "checked_results",
    "collect_lowerings",
    "collector_paused",
    "current",
    "current_run",
    "expand",
    "generator",
    "get_option",
    "has_own_seed",
    "indices_checked",
    "inside_loop",
    "is_known",
    "keeps_zeros",
    "made_by",
    "named",
    "native",
    "only_where",
    "optimize",
    "order",
    "place_of",
    "program_of",
    "refuse_outside",
    "rows_to_update",
    "rows_updated",
    "same_padding",
    "sends_meanwhile",
    "shares_updates",
    "spatial_of",
    "sums_for_updates",
    "sums_over_ranks",
    "variables_read",
    "with_inner",
]

__dir__ = namespaces.listing(__all__)
