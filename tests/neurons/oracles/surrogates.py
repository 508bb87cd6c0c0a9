"""Surrogate derivatives: functions of x = potential - threshold and of named numbers.

Where a curve has no paper of its own, the library that offers it is the source: "SpikingJelly" is
Fang et al. 2023, "snnTorch" is Eshraghian et al. 2023, "Norse" is Pehle and Pedersen 2021.
"""

import numpy as np

from oracles.dual import logistic


def normal(x, mean, sigma):
    return np.exp(-(((x - mean) / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))


def multi_gaussian(x, sigma=0.5, height=0.15, scale=6.0):
    """Yin, Corradi and Bohte 2021: a bell less two wide and shallow ones, all halved."""
    flanks = normal(x, sigma, scale * sigma) + normal(x, -sigma, scale * sigma)
    return 0.5 * ((1.0 + height) * normal(x, 0.0, sigma) - height * flanks)


def dspike(x, temperature=3.0):
    """Li et al. 2021: of the tanh that goes from 0 at x = -1/2 to 1 at 1/2; 0 outside."""
    inside = np.clip(temperature * x, -temperature / 2, temperature / 2)
    bell = temperature / (2.0 * np.tanh(temperature / 2.0)) / np.cosh(inside) ** 2
    return np.where(abs(x) <= 0.5, bell, 0.0)


def clipped_line(x, log_slope=0.0):
    """Wang et al. 2023 (ASGL): of clip(exp(a) x + 1/2, 0, 1)."""
    slope = np.exp(log_slope)
    return np.where(abs(slope * x) <= 0.5, slope, 0.0)


def s2nn(x, slope=4.0, scale=1.0):
    """Suetake et al. 2022, as in SpikingJelly: a logistic bell below, a hyperbola above."""
    below = slope * logistic(slope * x) * logistic(-slope * x)
    return np.where(x < 0.0, below, scale / (np.maximum(x, 0.0) + 1.0))


def log_tail(x, leak=0.0):
    """Cai et al. 2017, as in SpikingJelly: of a line that goes on as a logarithm from 1."""
    return np.where(x > 0.0, 1.0 / np.maximum(x, 1.0), leak)


def sparse_fast_sigmoid(x, slope=25.0, cut=1.0):
    """Perez-Nieves and Goodman 2021, as in snnTorch: above the cut only, at it not."""
    return np.where(x > cut, 1.0 / (1.0 + slope * abs(x)) ** 2, 0.0)


def fourier_square(x, period=8.0, terms=1):
    """SpikingJelly, whose n is `terms` + 1: of the first terms of a square wave's series."""
    waves = [np.cos((2 * i + 1) * 2 * np.pi * x / period) for i in range(terms)]
    return 4.0 / period * sum(waves)


def inverse_distance(x, height=0.3):
    """SpikingJelly, FakeNumericalGradient: the difference quotient of the step, up to a height."""
    return height / np.maximum(height * abs(x), 1.0)


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
    # SpikingJelly: SoftSign, NonzeroSignLogAbs, QPseudoSpike (Herranz-Celotti and Rouat 2022)
    "soft_sign": lambda x, slope=2.0: 1.0 / (2.0 * slope * (1.0 / slope + abs(x)) ** 2),
    "log_abs": lambda x, slope=1.0: 1.0 / (1.0 / slope + abs(x)),
    "q_pseudo_spike": lambda x, exponent=2.0: (1.0 + 2.0 * abs(x) / (exponent - 1.0)) ** -exponent,
    # Norse: circ (scaled by twice the width there) and tanh (scaled by 2 over the slope)
    "circle": lambda x, width=1.0: width**3 / (x**2 + width**2) ** 1.5,
    "tanh": lambda x, slope=1.0: 1.0 - np.tanh(slope * x) ** 2,
    "dspike": dspike,
    "clipped_line": clipped_line,
    # SpikingJelly: PiecewiseLeakyReLU, whose width is that of one side
    "leaky_rectangle": lambda x, width=1.0, leak=0.01: np.where(
        abs(x) < width, 1.0 / (2.0 * width), leak
    ),
    # snnTorch: LeakySpikeOperator, which has the leak at x = 0, where it does not fire
    "leaky_step": lambda x, height=1.0, leak=0.1: np.where(x >= 0.0, height, leak),
    "straight_through": lambda x, height=1.0: height + 0.0 * x,
    "s2nn": s2nn,
    "log_tail": log_tail,
    "inverse_distance": inverse_distance,
    # Gerstner and Kistler 2002, as in snnTorch: its peak is 1 above the threshold
    "spike_rate_escape": lambda x, rate=1.0, height=25.0: height * np.exp(-rate * abs(x - 1.0)),
    "sparse_fast_sigmoid": sparse_fast_sigmoid,
    "fourier_square": fourier_square,
}
