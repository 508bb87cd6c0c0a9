"""What runs a neuron over time, and the gradient of a scalar of its trace.

Called as neuron(currents [T, ...], surrogate, detach_reset, strict=..., **parameters), a neuron
returns {variable: [T, ...]}.  `x_after` is x after the reset, as the next step finds it, `x` alone
is before it; what no reset changes has its name alone.

In a neuron, `spike(x)` gives s and z: the spike that is sent, and the one that the neuron's own
state sees.  They differ in derivative only, and only with `detach_reset`: then none flows through z.
"""

from functools import partial, wraps

import numpy as np

from oracles.dual import Dual, detach, draw, fire, lift, stack


class Spike:
    """What a neuron fires with: its surrogate derivative and the choices of the call."""

    def __init__(self, surrogate, strict, detach_reset):
        self.surrogate, self.strict, self.detach_reset = surrogate, strict, detach_reset

    def __call__(self, x, strict=None):
        """A spike where x >= 0, or x > 0 if `strict`, which a neuron may fix."""
        s = fire(x, self.surrogate, self.strict if strict is None else strict)
        return s, self.seen(s)

    def drawn(self, probability, uniform):
        """A spike with that probability, whose derivative it has."""
        s = draw(probability, uniform)
        return s, self.seen(s)

    def seen(self, s):
        return detach(s) if self.detach_reset else s


def traced(neuron=None, *, strict=False, detach_reset=False):
    """Give a generator of {variable: value} its `spike`, and stack what it yields over time.

    `strict` and `detach_reset` are the neuron's defaults.
    """
    if neuron is None:
        return partial(traced, strict=strict, detach_reset=detach_reset)

    @wraps(neuron)
    def run(currents, surrogate=None, detach_reset=detach_reset, *, strict=strict, **parameters):
        currents = currents if isinstance(currents, Dual) else np.asarray(currents, np.float64)
        steps = list(neuron(currents, Spike(surrogate, strict, detach_reset), **parameters))
        shape = lift(currents).value.shape[1:]
        return {name: stack([step[name] for step in steps], shape) for name in steps[0]}

    return run


def objective(trace, weights):
    """The sum over variables, time and neurons of weights[variable] * trace[variable]."""
    return sum((np.asarray(weight) * trace[name]).sum() for name, weight in weights.items())


def gradient(neuron, currents, surrogate, weights, parameters, wrt, **options):
    """{name: derivative of `objective` by that argument, in its shape} for the names in `wrt`.

    A name is "currents" or a parameter: a number or an array of any shape that the neuron takes.
    `options`, such as `detach_reset` and `strict`, go to the neuron as they are.
    """
    arguments = {"currents": currents, **parameters}
    ends = np.cumsum([np.size(arguments[name]) for name in wrt])
    columns = dict(zip(wrt, np.split(np.eye(ends[-1]), ends[:-1], axis=1), strict=True))

    def seeded(name):
        value = np.asarray(arguments[name], np.float64)
        tangent = columns.get(name, np.zeros((ends[-1], value.size)))
        return Dual(value, tangent.reshape(-1, *value.shape))

    # The currents are dual in any case, so that all that depends on them is.
    duals = {name: seeded(name) for name in {"currents", *wrt}}
    trace = neuron(duals.pop("currents"), surrogate, **{**parameters, **duals}, **options)
    slopes = np.split(objective(trace, weights).tangent, ends[:-1])
    return {name: s.reshape(np.shape(arguments[name])) for name, s in zip(wrt, slopes, strict=True)}
