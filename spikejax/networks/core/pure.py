"""Flax modules as pure functions: the one adaptor between Flax and what runs, trains and sweeps networks.

A network is any Flax module that maps `x[T, B, *F]` to outputs with leading axis T. Its variables are the collections
"params" (learned) and "constants" (fixed); every other collection is mutable and carried, batch statistics as well as
"state", in which spiking layers carry their neurons through time. So chunks, streaming and batch statistics are one
mechanism.
"""

import inspect
import math
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax.core import DenyList
from flax.errors import ScopeParamShapeError
from jax import Array
from jax.extend.core import jaxprs_in_params

from spikejax.dynamics import network as executor
from spikejax.dynamics.steps import Steps, only_real
from spikejax.layers.declared import DECLARED, AnyChunk, Bounds, WholeSequence
from spikejax.layers.state import START, STATE
from spikejax.layers.stepping import ACTIVITY, OUTPUT, SPIKES
from spikejax.networks.core.interceptor import told

FIXED = ("params", "constants")
PASSING = (STATE, START, ACTIVITY, DECLARED)
PRODUCT, CONVOLUTION = "dot_general", "conv_general_dilated"

Activity = dict[str, dict[str, Array]]


def apply(
    module: nn.Module,
    variables: Any,
    x: Any,
    carry: Any,
    *,
    train: bool = False,
    rngs: Any = None,
    record: bool = False,
    steps: Steps | None = None,
) -> tuple[Any, Any, Activity]:
    """Applies a module to steps `x[K, B, *F]`.

    Args:
      module: a Flax module; `train` is passed to it if its `__call__` has an argument of that name.
      variables: "params" and "constants".
      x: the steps.
      carry: the other collections, as an earlier piece returned them or `first_carry` made them.
      train: see `module`.
      rngs: PRNG keys by stream.
      record: whether to return activity.
      steps: which steps these are; the first ones, all real, if None.

    Returns:
      The outputs, zero at steps that are not real, what is carried on, and what each layer stored: spikes and recorded
      variables `[K, B, *F]`.
    """
    silent = (START, DECLARED) if record else (START, DECLARED, ACTIVITY)
    steps = Steps(jnp.arange(executor.count_steps(x))) if steps is None else steps
    with nn.intercept_methods(told(steps)):
        given = {**variables, **carry}, only_real(x, steps.real)
        outputs, changed = _applied(module, *given, (*FIXED, *silent), rngs, train)
    _check_outputs(outputs)
    activity = by_layer(changed.pop(ACTIVITY, {}))
    return only_real(outputs, steps.real), changed, activity


def first_carry(
    module: nn.Module, variables: Any, x: Any, *, train: bool = False, rngs: Any = None
) -> Any:
    """The carry of a module before the first step of `x[T, B, *F]`.

    It is applied to one step, of which only the initial states are used: the compiler drops the arithmetic.
    """
    one = jax.tree.map(lambda leaf: leaf[:1], x)
    _, made = _applied(module, dict(variables), one, (*FIXED, ACTIVITY, DECLARED), rngs, train)
    carry = {name: values for name, values in variables.items() if name not in FIXED}
    return {**carry, STATE: made[START]} if START in made else carry


def _applied(module, variables, x, fixed, rngs, train) -> Any:
    """Outputs and all collections but the fixed ones, which stay as they are."""
    try:
        return module.apply(
            variables, x, mutable=DenyList(fixed), rngs=rngs, **_mode(module, train)
        )
    except ScopeParamShapeError as error:
        features = ", ".join(f"F = {list(leaf.shape[2:])}" for leaf in jax.tree.leaves(x))
        what = str(error).partition(" (http")[0]
        raise ValueError(
            f"expected the network and inputs that the variables were made for, found inputs with {features}. {what}"
        ) from error


class Functions(NamedTuple):
    """A module as pure functions, for what runs and trains networks without knowing Flax."""

    module: nn.Module

    def init(self, key: Array, x: Any) -> dict[str, Any]:
        """Variables, initialised from a key for inputs of the shape of `x[T, B, *F]`."""
        variables = self.module.init(key, x)
        return {name: values for name, values in variables.items() if name not in PASSING}

    def apply(
        self,
        variables: Any,
        x: Any,
        carry: Any,
        *,
        train: bool,
        rngs: Any,
        record: bool,
        steps: Steps,
    ) -> tuple[Any, Any, Activity]:
        """See `apply`."""
        options = {"train": train, "rngs": rngs, "record": record, "steps": steps}
        return apply(self.module, variables, x, carry, **options)

    def first(self, variables: Any, x: Any, *, train: bool, rngs: Any) -> Any:
        """See `first_carry`."""
        return first_carry(self.module, variables, x, train=train, rngs=rngs)

    def lasting(self, carry: Any) -> Any:
        """The part of a carry that outlasts a sequence."""
        return {name: values for name, values in carry.items() if name != STATE}


class Facts(NamedTuple):
    """What tracing one application of a module reveals, without computing anything.

    Attributes:
      outputs: shape and dtype of the outputs.
      activity: by layer and variable, shape and dtype of the stored values.
      widths: values per sample and step of each spiking layer and of the outputs.
      whole_sequence: the layers that need the whole sequence at once, with the reason why.
      bounds: by path, the lower and upper bound of each parameter that has bounds.
      changes: collections that training changes, batch statistics for example.
      convolves: whether there is a convolution.
      recurs: whether a product is part of a loop, over time as a rule: a layer that feeds its outputs back.
    """

    outputs: Any
    activity: dict[str, dict[str, jax.ShapeDtypeStruct]]
    widths: tuple[int, ...]
    whole_sequence: dict[str, str]
    bounds: dict[str, tuple[float, float]]
    changes: tuple[str, ...]
    convolves: bool
    recurs: bool


def inspect_module(module: nn.Module, variables: Any, x: Any) -> Facts:
    """The facts of a module, in training, on inputs of the shape of `x[T, B, *F]`."""
    variables = {name: values for name, values in variables.items() if name != STATE}
    rngs = {name: jax.random.key(0) for name in ("noise", "dropout")}

    def applied(variables, x):
        found: Any = module.apply(
            variables, x, mutable=DenyList(FIXED), rngs=rngs, **_mode(module, True)
        )
        _check_outputs(found[0])
        return found

    jaxpr, (outputs, changed) = jax.make_jaxpr(applied, return_shape=True)(variables, x)
    activity = by_layer(changed.pop(ACTIVITY, {}))
    widths = [_width(values.get(SPIKES, values.get(OUTPUT))) for values in activity.values()]
    reasons, bounds, uncut = {}, {}, set()
    for path, fact in _declared(changed.pop(DECLARED, {})):
        layer = path.rpartition("/")[0] or path
        if isinstance(fact, WholeSequence):
            reasons[layer] = fact.reason
        if isinstance(fact, AnyChunk):
            uncut.add(layer)
        if isinstance(fact, Bounds):
            bounds[path] = fact.low, fact.high
    changes = tuple(sorted(set(changed) - {START, STATE}))
    for name in changes:
        for path in sorted({path.rpartition("/")[0] for path in _paths(changed[name])} - uncut):
            reasons.setdefault(path, "its statistics are pooled over time in training")
    widths += [_width(leaf) for leaf in jax.tree.leaves(outputs)]
    found = set(_operations(jaxpr.jaxpr))
    convolves = not found.isdisjoint({(CONVOLUTION, False), (CONVOLUTION, True)})
    recurs = not found.isdisjoint({(CONVOLUTION, True), (PRODUCT, True)})
    return Facts(outputs, activity, tuple(widths), reasons, bounds, changes, convolves, recurs)


def by_layer(tree: Any) -> dict[str, Any]:
    """A nested collection by the path of the layer: {"neuron_0": {"spikes": …}}."""
    found: dict[str, Any] = {}

    def walk(node, path):
        for name, value in node.items():
            if isinstance(value, dict):
                walk(value, (*path, name))
            else:
                found.setdefault("/".join(path) or "network", {})[name] = value

    walk(tree, ())
    return found


def _check_outputs(outputs):
    leaves = jax.tree.leaves(outputs)
    if not leaves or not all(isinstance(x, jax.Array | np.ndarray) for x in leaves):
        raise ValueError(
            f"expected the network to return outputs [T, B, ...], found {outputs!r}; return an array"
        )


def _mode(module, train) -> dict[str, Any]:
    """The argument `train`, if the module has one."""
    return {"train": train} if "train" in inspect.signature(module.__call__).parameters else {}


def _width(leaf):
    return math.prod(leaf.shape[2:])


def _declared(tree, prefix=""):
    """The facts of a nested collection with their paths."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _declared(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value


def _paths(tree):
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return ["/".join(str(getattr(key, "key", key)) for key in path) for path, _ in leaves]


def _operations(jaxpr, looped=False):
    """The name of each operation, and whether it is part of a loop; one kernel for all steps is a loop."""
    for eqn in jaxpr.eqns:
        yield eqn.primitive.name, looped
        loop = eqn.primitive.name in ("scan", "while") or "grid_mapping" in eqn.params
        for inner in jaxprs_in_params(eqn.params):
            yield from _operations(inner, looped or loop)
