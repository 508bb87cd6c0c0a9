"""Steps that nobody expects: the results and gradients of a scan, by a kernel or, with a warning, by a scan."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.dynamics import Feedback, feedback, unroll
from spikejax.dynamics.kernels.refusal import KernelFallback

T, N = (
    5,
    4,
)  # as many samples as features: an axis taken for another would not be noticed by its size
DRAW = np.random.default_rng(0)
X = jnp.asarray(DRAW.normal(size=(T, N, N)), jnp.float32)
ZERO = jnp.zeros((N, N))
VECTOR = jnp.asarray(DRAW.uniform(0.3, 0.9, N), jnp.float32)
MATRIX = jnp.asarray(0.4 * DRAW.normal(size=(N, N)), jnp.float32)


@jax.custom_vjp
def clipped(x):
    return x


clipped.defvjp(lambda x: (x, None), lambda _, ct: (jnp.clip(ct, -0.1, 0.1),))


def smooth(state, x):
    after = 0.7 * state + x
    return after, jnp.tanh(after)


def integers(state, x):
    return (state + x).astype(jnp.int32), x


def rows(p, state, x):
    """A variable per sample."""
    del p
    v, a = state
    return (0.5 * v + x * a.reshape(-1, 1), a), v


def fed(convert):
    def step(matrix, state, x):
        return feedback(smooth, lambda s: convert(s, matrix))(state, x)

    return step


START = Feedback(ZERO, jnp.zeros((N, N)))
# A step with parameters, the parameters, the state and what is saved.
STEPS = {
    "saved flat": (lambda p, s, x: smooth(s, x), VECTOR, ZERO, lambda s, z: (s, z.ravel())),
    "saved in another shape": (
        lambda p, s, x: smooth(s, x),
        VECTOR,
        ZERO,
        lambda s, z: z.reshape(2, 8),
    ),
    "constants of another shape": (
        lambda p, s, x: smooth(s, x),
        VECTOR,
        ZERO,
        lambda s, z: (jnp.ones(6), jnp.zeros((7, 9)), jnp.zeros((N, N, 2)), z),
    ),
    "parameters saved": (
        lambda p, s, x: smooth(p * s, x),
        VECTOR,
        ZERO,
        lambda s, z: (jnp.sum(p_of(s)), z),
    ),
    "one variable per sample": (rows, VECTOR, (ZERO, VECTOR), None),
    "one variable per feature": (
        lambda p, s, x: ((s[0] * s[1] + x, s[1] * p), s[0]),
        VECTOR,
        (ZERO, VECTOR),
        None,
    ),
    "clipped gradients of parameters": (
        lambda p, s, x: smooth(s * clipped(p), x),
        VECTOR,
        ZERO,
        None,
    ),
    "clipped gradients of a shared variable": (
        lambda p, s, x: ((s[0] * s[1] + x, clipped(s[1] * p)), s[0]),
        jnp.float32(0.8),
        (ZERO, jnp.float32(0.5)),
        None,
    ),
    "clipped gradients of neurons": (lambda p, s, x: smooth(clipped(s * p), x), VECTOR, ZERO, None),
    "rounded feedback": (
        fed(lambda s, w: (3 * s).astype(jnp.int32).astype(jnp.float32) @ w),
        MATRIX,
        START,
        None,
    ),
    "truncated feedback": (
        fed(lambda s, w: s.astype(jnp.int32).astype(jnp.float32) @ w),
        MATRIX,
        START,
        None,
    ),
    "feedback through bfloat16": (
        fed(lambda s, w: s.astype(jnp.bfloat16).astype(jnp.float32) @ w),
        MATRIX,
        START,
        None,
    ),
    "feedback of two dtypes": (fed(lambda s, w: s @ w.astype(jnp.bfloat16)), MATRIX, START, None),
    "integer feedback": (
        fed(
            lambda s, w: ((3 * s).astype(jnp.int32) @ (9 * w).astype(jnp.int32)).astype(jnp.float32)
        ),
        MATRIX,
        START,
        None,
    ),
    "a constant fed back": (lambda p, s, x: (jnp.full_like(s, 0.5), s @ p + x), MATRIX, ZERO, None),
    "a counter that is set": (
        lambda p, s, x: ((s[0] * p + x + s[1], jnp.int32(0)), s[0]),
        VECTOR,
        (ZERO, jnp.int32(3)),
        None,
    ),
    "a matrix per step": (
        lambda p, s, x: ((s[0] @ jnp.stack([p, 2 * p])[s[1] % 2] + x, s[1] + 1), s[0]),
        MATRIX,
        (ZERO, jnp.int32(0)),
        None,
    ),
    "a key that is folded": (
        lambda p, s, x: (
            (s[0] * p + jax.random.normal(jax.random.fold_in(s[2], s[1]), x.shape), s[1] + 1, s[2]),
            s[0],
        ),
        VECTOR,
        (ZERO, jnp.int32(0), jax.random.key(1)),
        None,
    ),
    "a side effect": (
        lambda p, s, x: (jax.debug.callback(lambda: None), smooth(s * p, x))[1],
        VECTOR,
        ZERO,
        None,
    ),
    "the sign of NaN": (lambda p, s, x: (jnp.sign(s * p + jnp.log(x)), s), VECTOR, ZERO, None),
}


def p_of(state):
    return 2 * jnp.ones_like(state)


@pytest.mark.parametrize("name", STEPS)
def test_what_a_scan_returns(name):
    step, parameters, state, save = STEPS[name]

    def floats(tree):
        return [x for x in jax.tree.leaves(tree) if jnp.issubdtype(x.dtype, jnp.floating)]

    def loss(parameters, x, kernel):
        more = {} if save is None else {"save": save}
        found = unroll(lambda s, x: step(parameters, s, x), state, x, kernel=kernel, **more)
        return sum((x * jnp.arange(x.size).reshape(x.shape)).sum() for x in floats(found)), found

    results = {}
    for kernel in ("scan", "pallas"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", KernelFallback)
            results[kernel] = jax.value_and_grad(loss, (0, 1), has_aux=True)(parameters, X, kernel)
    leaves = [jax.tree.leaves((results[kernel][0][1], results[kernel][1])) for kernel in results]
    for a, b in zip(*leaves, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if jnp.issubdtype(a.dtype, jax.dtypes.prng_key):
            a, b = map(jax.random.key_data, (a, b))
        scale = np.nanmax(np.abs(np.asarray(a, float)), initial=0)
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * (1 + scale))


@pytest.mark.parametrize(
    "state",
    [jnp.zeros(N), jnp.zeros((1, N)), jnp.zeros((N, N), jnp.int32), (ZERO, ZERO)],
    ids=["no batch", "one sample", "integers", "two variables"],
)
def test_a_state_that_changes_its_form_is_jaxs_error(state):
    def step(state, x):
        after = 0.5 * jax.tree.leaves(state)[0] + x
        return after, after

    with warnings.catch_warnings(), pytest.raises(TypeError, match="carry") as found:
        warnings.simplefilter("error", KernelFallback)
        unroll(step, state, X, kernel="pallas")
    assert found.value.__context__ is None


def test_a_derivative_of_second_order_of_a_variable_per_feature():
    def slope(p, kernel):
        def loss(p):
            state, saved = unroll(
                lambda s, x: ((s[0] * s[1] + x, s[1] * p), s[0]), (ZERO, VECTOR), X, kernel=kernel
            )
            return jnp.sin(state[0]).sum() + (saved**2).sum()

        return (jax.grad(loss)(p) ** 2).sum()

    with pytest.warns(KernelFallback, match="second order"):
        found = jax.grad(slope)(VECTOR, "pallas")
    np.testing.assert_allclose(found, jax.grad(slope)(VECTOR, "scan"), rtol=1e-4)
