"""Losses, metrics and networks that could not be trained or measured are refused, in words."""

import functools
import re

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spikejax.data import Split
from spikejax.dynamics import Time
from spikejax.inputs import Sequence
from spikejax.networks.core import pure
from spikejax.objectives import MSE, Accuracy
from spikejax.objectives.composed import measurement, objective
from spikejax.objectives.model import Model

T, B, F = 6, 4, 3
BATCH = Split(np.ones((B, T, F), np.float32), np.arange(B) % F)
KEY = jax.random.key(0)


def model(changed=lambda x: x, chunk=None):
    """A network that returns what `changed` makes of its inputs `[T, B, F]`."""

    class Network(nn.Module):
        def __call__(self, x):
            return changed(x)

    return Model(pure.Functions(Network()), Sequence(), Time(chunk))


def part(value):
    """A loss, regulariser or metric that returns what `value` makes of the outputs."""

    def named(outputs, labels, activity, mask):
        return value(outputs)

    return named


def mean(outputs, labels, activity, mask):
    return outputs.mean()


def of(kind, given):
    """The function of an objective with this part."""
    if kind == "loss":
        return objective(model(), given)
    return objective(model(), mean, **{f"{kind}s": (given,)})


every_kind = pytest.mark.parametrize("kind", ["loss", "regulariser", "metric"])


@every_kind
@pytest.mark.parametrize(
    "given, found",
    [
        (lambda o, labels: o.mean(), "found (o, labels); give it these four arguments"),
        (lambda a, b, c, d, e: a.mean(), "found (a, b, c, d, e)"),
        (functools.partial(mean, mask=None), "found (outputs, labels, activity, *, mask=None)"),
        (MSE, "found the class MSE; give an instance, MSE(…)"),
        (jax.jit(lambda o, labels: o.mean()), "found (o, labels)"),
    ],
    ids=["two", "five", "partial", "class", "compiled"],
)
def test_what_cannot_be_called(given, found, kind):
    message = rf"expected the {kind} \S+ to be called as \(outputs, .*\), {re.escape(found)}"
    with pytest.raises(ValueError, match=message):
        of(kind, given)
    if kind == "metric":
        with pytest.raises(ValueError, match=message):
            measurement(model(), mean, (given,))


@every_kind
@pytest.mark.parametrize(
    "given", [mean, jax.jit(mean), functools.partial(mean), MSE(), lambda *parts: parts[0].mean()]
)
def test_what_can_be_called(given, kind):
    assert of(kind, given)


@every_kind
@pytest.mark.parametrize(
    "value, found",
    [
        (lambda o: (o**2).mean((0, 2)), r"float32\[4\]; return a scalar, for example .mean\(\)"),
        (lambda o: o.mean().reshape(1), r"float32\[1\]; return a scalar"),
        (lambda o: None, "None; return one scalar"),
        (lambda o: (o.mean(), {}), "a tuple of 2; return one scalar"),
        (lambda o: o.mean() + 1j, r"complex64\[\]; return a real number"),
        (lambda o: {"a": None}, "found .*; return one scalar"),
    ],
    ids=["sample", "one", "none", "tuple", "complex", "dict"],
)
def test_a_value_that_is_no_scalar(value, found, kind):
    with pytest.raises(ValueError, match=rf"expected the {kind} named to return .*{found}"):
        of(kind, part(value))({}, BATCH, KEY)


@pytest.mark.parametrize("kind", ["loss", "regulariser"])
@pytest.mark.parametrize(
    "value", [lambda o: o.argmax(-1).sum(), lambda o: (o > 0).all(), lambda o: {"a": o.mean()}]
)
def test_a_value_without_a_gradient(value, kind):
    with pytest.raises(ValueError, match=f"expected the {kind} named to return a float, found"):
        of(kind, part(value))({}, BATCH, KEY)
    assert "named" in of("metric", part(value))({}, BATCH, KEY)[1][0]


@every_kind
def test_a_number_of_python_is_a_scalar(kind):
    value, (measured, _) = of(kind, part(lambda outputs: 1.5))({}, BATCH, KEY)
    assert float(value) in (1.0, 1.5, 2.5) and "loss" in measured


@pytest.mark.parametrize("chunk", [None, 2])
@pytest.mark.parametrize(
    "changed, found",
    [
        (lambda x: x.argmax(-1), r"int32\[., 4\]; return logits, or spikes, as floats"),
        (lambda x: x > 0, r"(bool|int32)\[., 4, 3\]; return logits, or spikes, as floats"),
        (lambda x: x[1:], r"float32\[., 4, 3\]; keep the time axis, with one output for each step"),
        (lambda x: x.sum(0), r"float32\[4, 3\]; keep the time axis"),
        (lambda x: x.sum(), r"float32\[\]; keep the time axis"),
        (lambda x: x.sum(1), r"float32\[., 3\]; keep the axis of samples"),
        (lambda x: x.swapaxes(0, 1), r"float32\[4, ., 3\]; swap its axes, outputs.swapaxes\(0, 1"),
        (lambda x: (x, x), "a tuple of 2; return the logits alone"),
    ],
)
def test_outputs_of_a_network(changed, found, chunk):
    minimised = objective(model(changed, chunk), mean, (), (Accuracy(),))
    message = rf"one floating-point array \[T, B, ...\] with T, B = {chunk or T}, 4, found {found}"
    for lengths in (None, np.full(B, T)):
        with pytest.raises(ValueError, match=message):
            minimised({}, BATCH._replace(lengths=lengths), KEY)


def test_outputs_of_one_number_per_step():
    outputs = model(lambda x: x.sum(-1).astype(jnp.bfloat16)).run({}, BATCH, KEY).outputs
    assert outputs.shape == (T, B)
