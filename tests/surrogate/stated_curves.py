"""What the docstrings of the surrogates state: peak, area and antiderivative of each curve, in NumPy."""

from typing import NamedTuple

import numpy as np
from scipy.special import erf, expit


class Stated(NamedTuple):
    """What a docstring states: functions of the surrogate's parameters, the antiderivative also of x."""

    peak: object
    area: object  # None where it is infinite, or has no limit
    antiderivative: object
    at: float = 0.0  # where the peak is


def half_bell(rise):
    """The odd antiderivative of an even bell: ½ at 0, `rise(|x|)` away from it."""
    return lambda x, *parameters: 0.5 + np.sign(x) * rise(np.abs(x), *parameters)


def normal_antiderivative(x, mean, sigma):
    return (1 + erf((x - mean) / (sigma * np.sqrt(2)))) / 2


def multi_gaussian_antiderivative(x, sigma, height, scale):
    flanks = sum(normal_antiderivative(x, mean, scale * sigma) for mean in (sigma, -sigma))
    return ((1 + height) * normal_antiderivative(x, 0, sigma) - height * flanks) / 2


def multi_gaussian_peak(sigma, height, scale):
    flanks = 2 * height * np.exp(-1 / (2 * scale**2)) / (scale * sigma)
    return ((1 + height) / sigma - flanks) / 2 / np.sqrt(2 * np.pi)


def one(*parameters):
    return 1


super_spike = Stated(one, lambda k: 2 / k, lambda x, k: x / (1 + k * np.abs(x)))

STATED = {
    "triangle": Stated(
        lambda w: 1 / w, one, half_bell(lambda x, w: (1 - np.maximum(1 - x / w, 0) ** 2) / 2)
    ),
    "rectangle": Stated(lambda w: 1 / w, one, lambda x, w: np.clip(x / w + 0.5, 0, 1)),
    "atan": Stated(lambda a: a / 2, one, lambda x, a: np.arctan(np.pi / 2 * a * x) / np.pi + 0.5),
    "sigmoid": Stated(lambda a: a / 4, one, lambda x, a: expit(a * x)),
    "fast_sigmoid": super_spike,
    "super_spike": super_spike,
    "gaussian": Stated(
        lambda sigma: 1 / (sigma * np.sqrt(2 * np.pi)),
        one,
        lambda x, sigma: normal_antiderivative(x, 0, sigma),
    ),
    "multi_gaussian": Stated(
        multi_gaussian_peak,
        lambda sigma, height, scale: (1 - height) / 2,
        multi_gaussian_antiderivative,
    ),
    "piecewise_exponential": Stated(
        lambda a: a / 2, one, half_bell(lambda x, a: (1 - np.exp(-a * x)) / 2)
    ),
    "erf": Stated(lambda a: a / np.sqrt(np.pi), one, lambda x, a: (1 + erf(a * x)) / 2),
    "tanh": Stated(one, lambda k: 2 / k, lambda x, k: np.tanh(k * x) / k),
    "soft_sign": Stated(lambda a: a / 2, one, lambda x, a: (1 + a * x / (1 + a * np.abs(x))) / 2),
    "circle": Stated(one, lambda w: 2 * w, lambda x, w: x / np.sqrt(1 + (x / w) ** 2)),
    "q_pseudo_spike": Stated(
        one, one, half_bell(lambda x, q: (1 - (1 + 2 * x / (q - 1)) ** (1 - q)) / 2)
    ),
    "dspike": Stated(
        lambda a: a / 2 / np.tanh(a / 2),
        one,
        lambda x, a: np.tanh(a * np.clip(x, -0.5, 0.5)) / np.tanh(a / 2) / 2 + 0.5,
    ),
    "clipped_line": Stated(np.exp, one, lambda x, a: np.clip(np.exp(a) * x + 0.5, 0, 1)),
    "leaky_rectangle": Stated(
        lambda w, c: 1 / (2 * w),
        None,
        lambda x, w, c: np.clip(x / w / 2, -0.5, 0.5) + c * (x - np.clip(x, -w, w)),
    ),
    "leaky_step": Stated(
        lambda h, c: h, None, lambda x, h, c: h * np.maximum(x, 0) + c * np.minimum(x, 0)
    ),
    "straight_through": Stated(lambda h: h, None, lambda x, h: h * x),
    "log_abs": Stated(lambda a: a, None, lambda x, a: np.sign(x) * np.log(1 + a * np.abs(x))),
    "inverse_distance": Stated(
        lambda h: h,
        None,
        lambda x, h: np.where(
            np.abs(x) < 1 / h, h * x, np.sign(x) * (1 + np.log(np.maximum(h * np.abs(x), 1)))
        ),
    ),
    "log_tail": Stated(
        one,
        None,
        lambda x, c: np.where(x > 1, 1 + np.log(np.maximum(x, 1)), np.where(x > 0, x, c * x)),
        at=0.5,
    ),
    "s2nn": Stated(
        lambda a, b: max(a / 4, b),
        None,
        lambda x, a, b: np.where(x < 0, expit(a * x), 0.5 + b * np.log(1 + np.maximum(x, 0))),
    ),
    "spike_rate_escape": Stated(
        lambda h, b: h,
        lambda h, b: 2 * h / b,
        lambda x, h, b: h / b * np.sign(x - 1) * (1 - np.exp(-b * np.abs(x - 1))),
        at=1.0,
    ),
    "sparse_fast_sigmoid": Stated(
        lambda k, c: 1 / (1 + k * c) ** 2,
        lambda k, c: 1 / (k * (1 + k * c)),
        lambda x, k, c: np.maximum(x, c) / (1 + k * np.maximum(x, c)) - c / (1 + k * c),
        at=np.nextafter(1.7, 2),
    ),
    "fourier_square": Stated(
        lambda period, terms: 4 * terms / period,
        None,
        lambda x, period, terms: 2 / np.pi * np.sin(2 * np.pi / period * x),
    ),
}
