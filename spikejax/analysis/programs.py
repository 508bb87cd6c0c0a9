"""The operations of a traced function: where it multiplies by weights, how often, and whether the inputs are spikes.

The program is evaluated equation by equation. Of every value it is known, besides the array, whether it depends on the
inputs and whether it is 0 or 1 in all elements, which follows from how it was made: a comparison is, and so is what
only moves, selects or multiplies such values; a sum, and so an average over a window, is not.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.extend.core import ClosedJaxpr, Literal, Var, jaxprs_in_params

PRODUCT, CONVOLUTION, POOLING, FIXED = "product", "convolution", "pooling", "fixed"
KINDS = {
    "dot_general": PRODUCT,
    "conv_general_dilated": CONVOLUTION,
    "reduce_window_sum": POOLING,
}
CALLS = {"jit", "pjit", "closed_call", "core_call", "remat", "remat2", "checkpoint"}
CALLS |= {"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"}
# The elements of the result are those of the first operand, or made of operands' elements so that 0 and 1 stay 0 and 1.
MOVES = {
    "reshape",
    "transpose",
    "squeeze",
    "broadcast_in_dim",
    "expand_dims",
    "slice",
    "rev",
    "copy",
}
MOVES |= {
    "convert_element_type",
    "dynamic_slice",
    "gather",
    "reduce_precision",
    "sharding_constraint",
}
KEEPS = {"concatenate", "pad", "dynamic_update_slice", "mul", "max", "min", "and", "or"}
KEEPS |= {"reduce_max", "reduce_min", "reduce_window_max"}


class Value(NamedTuple):
    """An array of a program, and what is known of it.

    Attributes:
      array: its value, traced as a rule.
      data: whether it depends on the inputs.
      weights: whether it depends on the variables.
      binary: whether all its elements are 0 or 1.
      constant: 0 or 1 if all its elements are that; None.
    """

    array: Any
    data: bool = False
    weights: bool = False
    binary: bool = False
    constant: int | None = None


class Site(NamedTuple):
    """A place where a program multiplies values that depend on the inputs by others, or adds them up in windows.

    Attributes:
      path: names of the scopes that it is in, of Flax's modules for example.
      kind: "product" or "convolution", "fixed" if the factors depend neither on the inputs nor on the variables, or
        "pooling".
      macs: multiply-accumulates, all in all; none for pooling.
      inputs: elements of its input, all in all.
      spikes: whether its input is 0 or 1 in all elements.
      window: of a convolution or a pooling; ().
    """

    path: str
    kind: str
    macs: int
    inputs: int
    spikes: bool
    window: tuple[int, ...]


class Place(NamedTuple):
    """Where a part of a program stands: its scopes, and how often a loop repeats it."""

    path: str = ""
    times: int = 1

    def at(self, eqn: Any, times: int = 1) -> "Place":
        """The place of the body of an equation."""
        own = str(eqn.source_info.name_stack)
        return Place("/".join(part for part in (self.path, own) if part), self.times * times)


Found = list[tuple[Site, Array]]


def sites_of(
    function: Callable[..., Any], variables: Any, inputs: Any, *, spikes: bool
) -> tuple[list[Site], list[Array]]:
    """The sites of `function(variables, inputs)`, and for each the fraction of its inputs that are not 0.

    Args:
      function: a network as a function.
      variables: its weights, or whatever does not depend on the inputs.
      inputs: of the network.
      spikes: whether the inputs are 0 or 1 in all elements.

    Raises:
      ValueError: an operation in a branch or in a loop without a fixed number of turns, which cannot be counted.
    """
    closed = jax.make_jaxpr(function)(variables, inputs)
    fixed = [Value(x, weights=True) for x in jax.tree.leaves(variables)]
    given = [Value(x, data=True, binary=spikes) for x in jax.tree.leaves(inputs)]
    _, found = _evaluate(closed, [*fixed, *given], Place())
    return [site for site, _ in found], [fraction for _, fraction in found]


def _evaluate(closed: Any, values: Sequence[Value], place: Place) -> tuple[list[Value], Found]:
    """The results of a program, and its sites in order. What has no effect on the results is left out."""
    body, consts = (
        (closed.jaxpr, closed.consts) if isinstance(closed, ClosedJaxpr) else (closed, [])
    )
    known = dict(zip(body.constvars, map(Value, consts), strict=True))
    known |= dict(zip(body.invars, values, strict=True))
    found: Found = []

    def read(atom):
        return _literal(atom.val) if isinstance(atom, Literal) else known[atom]

    for eqn in _used(body):
        results, own = _apply(eqn, [read(atom) for atom in eqn.invars], place)
        known |= dict(zip(eqn.outvars, results, strict=True))
        found += own
    return [read(atom) for atom in body.outvars], found


def _used(body):
    used, kept = {atom for atom in body.outvars if isinstance(atom, Var)}, []
    for eqn in reversed(body.eqns):
        if any(var in used for var in eqn.outvars):
            kept.append(eqn)
            used.update(atom for atom in eqn.invars if isinstance(atom, Var))
    return kept[::-1]


def _literal(value):
    constant = next((number for number in (0, 1) if np.all(value == number)), None)
    return Value(value, binary=constant is not None, constant=constant)


def _apply(eqn: Any, values: list[Value], place: Place) -> tuple[list[Value], Found]:
    name = eqn.primitive.name
    if name in CALLS:
        inner = eqn.params.get("jaxpr", eqn.params.get("call_jaxpr"))
        return _evaluate(inner, values, place.at(eqn))
    if name == "scan":
        return _scan(eqn, values, place)
    if any(_has_sites(inner) for inner in jaxprs_in_params(eqn.params)):
        raise ValueError(
            f"expected operations that run a fixed number of times, found some in {name!r} at "
            f"{place.at(eqn).path or 'the top'}; count a network whose loops are scans and whose layers are no fused "
            "kernels, Time(kernel='scan')"
        )
    arrays = eqn.primitive.bind(
        *(value.array for value in values), **eqn.primitive.get_bind_params(eqn.params)
    )
    arrays = list(arrays) if eqn.primitive.multiple_results else [arrays]
    site = _site(eqn, values, place) if name in KINDS else None
    return [_known(eqn, array, values) for array in arrays], [] if site is None else [site]


def _scan(eqn, values, place):
    """A scan over the same body; what is known of the carry must hold before and after every turn."""
    of, turns = eqn.params, place.at(eqn, eqn.params["length"])
    first = of["num_consts"], of["num_consts"] + of["num_carry"]
    consts, carry, xs = values[: first[0]], values[first[0] : first[1]], values[first[1] :]

    def run(carry):
        made: dict[str, Any] = {}

        def step(arrays, slices):
            given = [*consts, *map(_with, carry, arrays), *map(_with, xs, slices)]
            made["results"], found = _evaluate(of["jaxpr"], given, turns)
            made["sites"] = [site for site, _ in found]
            out = [value.array for value in made["results"]]
            return out[: len(carry)], (out[len(carry) :], [fraction for _, fraction in found])

        arrays = [value.array for value in carry], [value.array for value in xs]
        options = {"length": of["length"], "reverse": of["reverse"]}
        last, (saved, fractions) = jax.lax.scan(step, *arrays, **options)
        results = list(map(_with, made["results"], [*last, *saved]))
        means = [fraction.mean(0) for fraction in fractions]
        return results, list(zip(made["sites"], means, strict=True))

    while True:
        known: list[Value] = []
        jax.eval_shape(lambda carry=carry, known=known: known.extend(run(carry)[0]))
        joined = [_both(value, after) for value, after in zip(carry, known, strict=False)]
        if joined == _facts(carry):
            return run(carry)
        carry = list(map(_with, joined, [value.array for value in carry]))


def _facts(values):
    return [value._replace(array=None) for value in values]


def _both(one, other):
    constant = one.constant if one.constant == other.constant else None
    flags = one.data or other.data, one.weights or other.weights, one.binary and other.binary
    return Value(None, *flags, constant)


def _with(value, array):
    return value._replace(array=array)


def _has_sites(body):
    inner = (part for eqn in body.eqns for part in jaxprs_in_params(eqn.params))
    return any(eqn.primitive.name in KINDS for eqn in body.eqns) or any(map(_has_sites, inner))


def _known(eqn, array, values):
    """What is known of the result of an equation."""
    name = eqn.primitive.name
    if not values:
        return Value(array, binary=array.dtype == bool)
    first = values[0]
    data, weights = any(v.data for v in values), any(v.weights for v in values)
    if name in MOVES:  # an index that depends on the inputs makes what is gathered depend on them
        return first._replace(array=array, data=data, weights=weights)
    if name == "stop_gradient":
        return first
    if _is_zero(name, values):
        return Value(array, binary=True, constant=0)
    if name in ("add", "add_any") and any(value.constant == 0 for value in values):
        other = first if values[1].constant == 0 else values[1]
        return other._replace(array=array)
    binary = array.dtype == bool or (name == "sub" and first.constant == 1 and values[1].binary)
    if name in KEEPS:
        binary |= all(value.binary for value in values)
    if name == "select_n":
        binary |= all(value.binary for value in values[1:])
    return Value(array, data, weights, binary)


def _is_zero(name, values):
    """Whether the result is 0: a sum over nothing, or the difference of a value and itself, as of a straight-through
    gradient."""
    if name == "reduce_sum":
        return values[0].array.size == 0
    return name == "sub" and values[0].array is values[1].array


def _site(eqn, values, place):
    """The site of an equation; None if nothing depends on the inputs, so that it is computed once for all of them."""
    kind, (out,) = KINDS[eqn.primitive.name], eqn.outvars
    operands = [value for value in values if value.data]
    if not operands:
        return None
    # Of two operands that depend on the inputs the one with spikes drives the additions.
    operand = next((value for value in operands if value.binary), operands[0])
    macs, window = 0, ()
    if kind == PRODUCT:
        contracted = eqn.params["dimension_numbers"][0][0]
        macs = out.aval.size * math.prod(values[0].array.shape[i] for i in contracted)
    elif kind == CONVOLUTION:
        kernel, (outward, _, *spatial) = values[1].array, eqn.params["dimension_numbers"].rhs_spec
        macs = out.aval.size * kernel.size // kernel.shape[outward]
        window = tuple(kernel.shape[i] for i in spatial)
    else:
        window = tuple(eqn.params["window_dimensions"])
    factors = [value for value in values if not value.data]
    if kind != POOLING and factors and not any(value.weights for value in factors):
        kind = FIXED
    size, times = operand.array.size, place.times
    path = place.at(eqn).path
    site = Site(path, kind, times * macs, times * size, operand.binary, window)
    return site, jnp.mean(operand.array != 0, dtype=jnp.float32)
