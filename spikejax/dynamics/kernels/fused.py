"""Runs a body over time by kernels, if they can run it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp

from spikejax.dynamics.kernels import backends, elements, products, rule
from spikejax.dynamics.kernels.apart import take_apart
from spikejax.dynamics.kernels.exact import is_exact
from spikejax.dynamics.kernels.gradient import Wanted, floats, gradient_of
from spikejax.dynamics.kernels.jaxprs import inlined
from spikejax.dynamics.kernels.kernel import Kernel
from spikejax.dynamics.kernels.parts import Dynamics, Parts
from spikejax.dynamics.kernels.refusal import Refused
from spikejax.dynamics.kernels.scanned import Arrays, multiplied

FEATURES = 1024  # the most of a recurrent layer


def scan(
    body: Callable[..., Any], state: Any, xs: Any, name: str, tried: Mapping[str, Any]
) -> tuple[Any, Any]:
    """What `lax.scan(body, state, xs)` returns, by kernels.

    Args:
      body: `(state, x) -> (state, saved)`.
      state: before the first step.
      xs: with leading axis T.
      name: of the step, for a warning.
      tried: settings in place of the kernels' own.

    Raises:
      Refused: the body cannot run as a kernel.
    """
    mesh = jax.sharding.get_abstract_mesh()
    if any(mesh.shape[axis] > 1 for axis in (*mesh.auto_axes, *mesh.explicit_axes)):
        raise Refused("XLA distributes its arrays over devices, which it cannot do with a kernel")
    steps = {x.shape[0] for x in jax.tree.leaves(xs)}.pop()
    backend = backends.current(tried)

    def piece(state, xs):
        parts = take_apart(body, state, xs)
        kernel = prepared(parts.dynamics, backend, tried)
        return kernel, lambda: parts.rebuild(*rule.sequence(kernel, _arrays(kernel, parts), name))

    kernel, run = piece(state, xs)
    longest = backends.longest(kernel, steps)
    if steps == longest:
        return run()
    whole = steps // longest * longest
    pieces = jax.tree.map(lambda x: x[:whole].reshape(-1, longest, *x.shape[1:]), xs)
    state, saved = jax.lax.scan(lambda *own: piece(*own)[1](), state, pieces)
    saved = jax.tree.map(lambda x: x.reshape(whole, *x.shape[2:]), saved)
    if whole < steps:
        _, run = piece(state, jax.tree.map(lambda x: x[whole:], xs))
        state, rest = run()
        saved = jax.tree.map(lambda *both: jnp.concatenate(both), saved, rest)
    return state, saved


def _arrays(kernel: Kernel, parts: Parts) -> Arrays:
    weights, product = parts.weights, None
    feedback = parts.dynamics.feedback
    if feedback is not None and weights is not None:
        weights = weights.T if feedback.transposed else weights
        product = multiplied(kernel, parts.state[feedback.variable], weights)
    return Arrays(parts.constants, weights, product, parts.state, parts.inputs)


def prepared(
    dynamics: Dynamics, backend: backends.Backend, tried: Mapping[str, Any] = MappingProxyType({})
) -> Kernel:
    """The kernel of a layer's dynamics, after a check that the back end can run it and its gradient.

    Raises:
      Refused: it cannot.
    """
    step, arrays = inlined(dynamics.step, rules=False)
    if arrays:
        raise Refused("it makes arrays inside a step")
    if not dynamics.shape or 0 in dynamics.shape:
        raise Refused("it has no neurons")
    elements.check_no_sum(step)
    elements.check(step, dynamics.shape, backend)
    feedback, mode, exact = dynamics.feedback, "tf32", False
    if feedback is not None:
        if not backend.feedback:
            raise Refused(f"it has feedback, which {backend.name} does not have")
        if dynamics.shape[1] > FEATURES:
            raise Refused(
                f"it feeds back {dynamics.shape[1]} features, at most {FEATURES} are supported"
            )
        mode = products.mode_of(feedback.precision, feedback.dtype)
        exact = is_exact(step, dynamics, feedback.variable)
    settings = backends.settings_of(backend, dynamics.shape, feedback is not None, tried)
    kernel = Kernel(dynamics, step, backend, mode=mode, exact=exact, **settings._asdict())
    inputs = floats(step.arguments[len(step.arguments) - dynamics.inputs :])
    wanted = Wanted((), inputs, floats(step.results[dynamics.states :]))
    elements.check(gradient_of(kernel, wanted).program, dynamics.shape, backend)
    return kernel
