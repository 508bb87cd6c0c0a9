"""The norms written from the papers in NumPy, a step and a channel at a time, and their gradients by differences."""

import numpy as np

from spikejax.layers.normalisation import BNTT, TAB, TDBN, TEBN, BatchNorm

STEPS, BATCH, SPACE, CHANNELS = 4, 3, (2, 2), 2
NORMS = {
    "pooled": BatchNorm(momentum=0.8),
    "step": BatchNorm(statistics="step", momentum=0.8),
    "tdbn": TDBN(threshold=0.7, alpha=0.5, momentum=0.8),
    "tebn": TEBN(momentum=0.8),
    "bntt": BNTT(momentum=0.8),
    "tab": TAB(momentum=0.8),
}
SHARED = ("pooled", "step", "tdbn")  # one affine map for all steps
MASK = np.array([[1, 1, 1], [1, 1, 1], [1, 0, 1], [0, 0, 1]], bool)  # [T, B]


def values(seed=0, shape=(STEPS, BATCH, *SPACE, CHANNELS)):
    draw = np.random.default_rng(seed)
    return draw.normal(1.0, 2.0, shape) * draw.uniform(0.5, 2, (shape[0], *[1] * (len(shape) - 1)))


def parameters(name, seed=1):
    """What a norm learns, away from its initial values."""
    draw = np.random.default_rng(seed)
    each = (CHANNELS,) if name in (*SHARED, "tebn") else (STEPS, CHANNELS)
    found = {"scale": draw.uniform(0.5, 2, each)}
    if name != "bntt":
        found["bias"] = draw.normal(size=each)
    if name in ("tebn", "tab"):
        found["step_scale"] = draw.uniform(0.5, 2, STEPS)
    return found


def group(name, x, mask, t, c):
    """The values over which the statistics of step t and channel c are taken."""
    if name in ("step", "bntt"):
        steps = [t]
    elif name == "tab":
        steps = range(t + 1)
    else:
        steps = range(len(x))
    return np.concatenate([x[s, mask[s]][..., c].ravel() for s in steps])


def output(name, x, params, mask=None):
    """y, and of each step and channel the mean and the unbiased variance."""
    mask = np.ones(x.shape[:2], bool) if mask is None else mask
    norm, y = NORMS[name], np.zeros_like(x)
    means, variances = np.zeros((2, len(x), x.shape[-1]))
    for t in range(len(x)):
        for c in range(x.shape[-1]):
            own = group(name, x, mask, t, c)
            mean = own.sum() / len(own)
            squares = ((own - mean) ** 2).sum()
            means[t, c], variances[t, c] = mean, squares / (len(own) - 1)
            normal = (x[t, ..., c] - mean) / np.sqrt(squares / len(own) + norm.epsilon)
            y[t, ..., c] = mapped(name, normal, params, t, c)
    return np.where(mask.reshape(*mask.shape, *[1] * (x.ndim - 2)), y, 0), means, variances


def mapped(name, normal, params, t, c):
    """What a norm makes of a value x̂ that has mean 0 and variance 1, as its paper has it."""
    if name in ("pooled", "step"):
        return params["scale"][c] * normal + params["bias"][c]
    if name == "tdbn":
        norm = NORMS[name]
        return params["scale"][c] * (norm.alpha * norm.threshold * normal) + params["bias"][c]
    if name == "tebn":
        return params["step_scale"][t] * (params["scale"][c] * normal + params["bias"][c])
    if name == "bntt":
        return params["scale"][t, c] * normal
    return params["step_scale"][t] ** 2 * (params["scale"][t, c] * normal + params["bias"][t, c])


def running(name, means, variances, first, momentum):
    """The running mean and variance after a batch, from those before it: of a step, or shared by all."""
    found = []
    for old, new in zip(first, (means, variances), strict=True):
        if name in ("bntt", "tab"):
            found.append(momentum * old + (1 - momentum) * new)
        else:
            for row in new if name == "step" else new[:1]:
                old = momentum * old + (1 - momentum) * row
            found.append(old)
    return found


def difference(function, x, width=1e-6):
    """The gradient of a number with respect to an array, by central differences."""
    found = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        moved = [x.copy(), x.copy()]
        moved[0][place] += width
        moved[1][place] -= width
        found[place] = (function(moved[0]) - function(moved[1])) / (2 * width)
    return found
