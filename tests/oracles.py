"""Independent references for the neurons and the surrogate gradients, in float64 NumPy.

Every neuron is its equations, written once, step by step.  They run on plain arrays or on dual
numbers; with dual numbers the same lines give the surrogate gradient in forward mode, which shares
nothing with reverse-mode differentiation.

"TC-LIF" is Zhang et al., "TC-LIF: A Two-Compartment Spiking Neuron Model for Long-Term Sequential
Modelling", AAAI 2024; "AR-LIF" is "AR-LIF: An Adaptive Reset Leaky-Integrate and Fire Neuron for
Spiking Neural Networks", arXiv 2507.20746.
"""

from functools import wraps

import numpy as np

# --- Dual numbers: forward-mode differentiation ---------------------------------------------------


class Dual:
    """A value and its derivatives along K directions: shapes [...] and [K, ...]."""

    __array_ufunc__ = None  # so that `array * dual` is ours, not NumPy's

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = np.asarray(value, np.float64), np.asarray(tangent, np.float64)

    def __add__(self, other):
        other = lift(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other):
        other = lift(other)
        tangent = self.tangent * other.value + self.value * other.tangent
        return Dual(self.value * other.value, tangent)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -lift(other)

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * reciprocal(lift(other))

    def __rtruediv__(self, other):
        return other * reciprocal(self)

    def __iter__(self):
        """Walk along the first axis of the value: time."""
        return map(Dual, self.value, self.tangent.swapaxes(0, 1))

    def sum(self):
        return Dual(self.value.sum(), self.tangent.reshape(len(self.tangent), -1).sum(axis=1))


def lift(x):
    return x if isinstance(x, Dual) else Dual(x)


def detach(x):
    """The value alone: no derivative flows through it."""
    return x.value if isinstance(x, Dual) else x


def elementwise(function, derivative):
    """The function of a NumPy array, made to follow the chain rule on a dual number."""

    def apply(x):
        if isinstance(x, Dual):
            return Dual(function(x.value), derivative(x.value) * x.tangent)
        return function(np.asarray(x, np.float64))

    return apply


def logistic(x):
    return np.exp(-np.logaddexp(0.0, -x))  # 1 / (1 + exp(-x)), exact far out as well


def heaviside(x, strict=False):
    return np.where(x > 0.0 if strict else x >= 0.0, 1.0, 0.0)


def fire(x, derivative, strict=False):
    """The step function, with the surrogate `derivative` in place of its own."""
    return elementwise(lambda v: heaviside(v, strict), derivative)(x)


reciprocal = elementwise(lambda v: 1.0 / v, lambda v: -1.0 / v**2)
sigmoid = elementwise(logistic, lambda v: logistic(v) * logistic(-v))
tanh = elementwise(np.tanh, lambda v: 1.0 - np.tanh(v) ** 2)
exp = elementwise(np.exp, np.exp)
relu = elementwise(lambda v: np.maximum(v, 0.0), lambda v: np.where(v > 0.0, 1.0, 0.0))  # 0 at 0

# --- Surrogate derivatives: functions of x = potential - threshold --------------------------------


def normal(x, mean, sigma):
    return np.exp(-(((x - mean) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))


def multi_gaussian(x, sigma=0.5, height=0.15, scale=6.0):
    """Yin, Corradi and Bohte 2021: a bell less two wide and shallow ones, all halved."""
    flanks = normal(x, sigma, scale * sigma) + normal(x, -sigma, scale * sigma)
    return 0.5 * ((1.0 + height) * normal(x, 0.0, sigma) - height * flanks)


SURROGATES = {
    "triangle": lambda x, width=1.0: np.maximum(1.0 - abs(x) / width, 0.0) / width,  # TC-LIF Eq. 21
    "rectangle": lambda x, width=1.0: np.where(abs(x) <= width / 2, 1.0 / width, 0.0),  # AR-LIF 11
    "atan": lambda x, slope=2.0: slope / 2 / (1.0 + (np.pi * slope * x / 2) ** 2),
    "sigmoid": lambda x, slope=4.0: slope * logistic(slope * x) * logistic(-slope * x),
    "fast_sigmoid": lambda x, slope=25.0: 1.0 / (1.0 + slope * abs(x)) ** 2,
    "super_spike": lambda x, slope=100.0: 1.0 / (1.0 + slope * abs(x)) ** 2,
    "gaussian": lambda x, sigma=0.5: normal(x, 0.0, sigma),
    "multi_gaussian": multi_gaussian,
    "piecewise_exponential": lambda x, slope=1.0: slope / 2 * np.exp(-slope * abs(x)),
    "erf": lambda x, slope=2.0: slope / np.sqrt(np.pi) * np.exp(-((slope * x) ** 2)),
}


# --- Neurons --------------------------------------------------------------------------------------
# Called as neuron(currents [T, ...], surrogate, detach_reset, strict=..., **parameters), a neuron
# returns {variable: [T, ...]}.  `x_after` is x after the reset, `x` alone is before it.  Below,
# `spike(x)` gives s and z: the spike that is sent, and the one that the neuron's own state sees.
# They differ in derivative only, and only with `detach_reset`: then none flows through z.


def stack(steps):
    if not isinstance(steps[0], Dual):
        return np.stack(steps)
    tangents = [np.broadcast_to(s.tangent, (len(s.tangent), *s.value.shape)) for s in steps]
    return Dual(np.stack([s.value for s in steps]), np.stack(tangents, axis=1))


def traced(neuron):
    """Give a generator of {variable: value} its `spike`, and stack what it yields over time."""

    @wraps(neuron)
    def run(currents, surrogate=None, detach_reset=False, *, strict=False, **parameters):
        def spike(x):
            s = fire(x, surrogate, strict)
            return s, detach(s) if detach_reset else s

        currents = currents if isinstance(currents, Dual) else np.asarray(currents, np.float64)
        steps = list(neuron(currents, spike, **parameters))
        return {name: stack([step[name] for step in steps]) for name in steps[0]}

    return run


@traced
def lif(currents, spike, *, decay, threshold=1.0, reset="subtract", input_scaling=False):
    """AR-LIF Eq. 1-3: the leaky integrate-and-fire neuron, with soft, hard or no reset."""
    u = 0.0
    for x in currents:
        h = decay * u + ((1.0 - decay) * x if input_scaling else x)
        s, z = spike(h - threshold)
        u = {"subtract": h - z * threshold, "zero": h * (1.0 - z), "none": h}[reset]
        yield {"membrane": h, "spikes": s, "membrane_after": u}


@traced
def leaky_integrator(currents, spike, *, decay, input_scaling=False):
    """AR-LIF Eq. 1 alone: a membrane that never fires."""
    u = 0.0
    for x in currents:
        u = decay * u + ((1.0 - decay) * x if input_scaling else x)
        yield {"membrane": u}


@traced
def two_compartment(currents, spike, *, alpha1, alpha2, beta1, beta2, threshold=1.0):
    """TC-LIF Eq. 7-9: the generalised neuron, whose spike lowers the soma one step later."""
    d = u = z = 0.0
    for x in currents:
        d = alpha1 * d + beta1 * u + x
        u = alpha2 * u + beta2 * d - threshold * z
        s, z = spike(u - threshold)
        yield {"dendrite": d, "soma": u, "spikes": s}


@traced
def tc_lif(currents, spike, *, c1, c2, gamma, order, threshold=1.0, sign1=-1.0, sign2=1.0):
    """TC-LIF Eq. 10-12 (`order="paper"`), or both resets before anything else ("code").

    "code" is the order of the code released with the paper: in Eq. 10 the dendrite then sees the
    soma after its reset, U[t-1] - V_th S[t-1] instead of U[t-1]; Eq. 11 says the same in both.
    """
    beta1, beta2 = sign1 * sigmoid(c1), sign2 * sigmoid(c2)
    assert order in ("paper", "code")
    d = u = z = d_after = u_after = 0.0
    for x in currents:
        if order == "paper":
            d = d + beta1 * u + x - gamma * z
            u = u + beta2 * d - threshold * z
        else:
            d = d_after + beta1 * u_after + x
            u = u_after + beta2 * d
        s, z = spike(u - threshold)
        d_after, u_after = d - gamma * z, u - threshold * z
        after = {"dendrite_after": d_after, "soma_after": u_after}
        yield {"dendrite": d, "soma": u, "spikes": s, **after}


@traced
def ar_lif(currents, spike, *, a, c, decay=0.5, order="code", carry=True):
    """AR-LIF Eq. 5-7 with the reset gated by the spike (`order="code"`), or Eq. 8 ("paper").

    beta = tanh(a) and alpha = c.  `memory` is r, to which Eq. 8 never adds the increment;
    `reset_voltage` is V_r of Eq. 6, or v_r of Eq. 8.  The gate, and forgetting r at every step
    (`carry=False`, for event-camera data), are those of the code released with the paper.
    """
    assert order in ("paper", "code")
    u = r = 0.0
    for x in currents:
        h = decay * u + x
        threshold = 1.0 + tanh(a) * tanh(x)
        s, z = spike(h - threshold)
        r = r if carry else 0.0
        r = relu(r) * sigmoid(c * x) - relu(-r) * (1.0 - sigmoid(c * x))
        if order == "code":
            r = r + z * sigmoid(x) - (1.0 - z) * sigmoid(x)
            reset_voltage = threshold + sigmoid(r)
            u = h - z * reset_voltage
        else:
            reset_voltage = r + (2.0 * z - 1.0) * sigmoid(x)
            u = h - (reset_voltage + threshold)
        reset = {"threshold": threshold, "memory": r, "reset_voltage": reset_voltage}
        yield {"membrane": h, "spikes": s, **reset, "membrane_after": u}


# --- A scalar of a trace and its gradient ---------------------------------------------------------


def objective(trace, weights):
    """The sum over variables, time and neurons of weights[variable] * trace[variable]."""
    return sum((np.asarray(weight) * trace[name]).sum() for name, weight in weights.items())


def gradient(neuron, currents, surrogate, weights, parameters, wrt, **options):
    """{name: derivative of `objective` by that argument, in its shape} for the names in `wrt`.

    A name is "currents" or a parameter: a number, or an array that broadcasts with one time step.
    `options`, such as `detach_reset` and `strict`, go to the neuron as they are.
    """
    arguments = {"currents": currents, **parameters}
    ends = np.cumsum([np.size(arguments[name]) for name in wrt])
    columns = dict(zip(wrt, np.split(np.eye(ends[-1]), ends[:-1], axis=1), strict=True))

    def seeded(name):
        value = np.asarray(arguments[name], np.float64)
        tangent = columns.get(name, np.zeros((ends[-1], value.size)))
        new_axes = 0 if name == "currents" else np.ndim(currents) - 1 - value.ndim
        return Dual(value, tangent.reshape(-1, *[1] * new_axes, *value.shape))

    # The currents are dual in any case, so that all that depends on them is.
    duals = {name: seeded(name) for name in {"currents", *wrt}}
    trace = neuron(duals.pop("currents"), surrogate, **{**parameters, **duals}, **options)
    slopes = np.split(objective(trace, weights).tangent, ends[:-1])
    return {name: s.reshape(np.shape(arguments[name])) for name, s in zip(wrt, slopes, strict=True)}
