"""Recorded traces of other libraries: spikes, variables and gradients, to float32 rounding."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from parity.cases import CASES, NOT_OFFERED, PEERS, load, run
from spikejax import surrogate
from spikejax.surrogate import Scaled

load = functools.cache(load)


def parameters_of(arrays, name):
    prefix = f"{name}/parameter_"
    names = [key for key in arrays.files if key.startswith(prefix)]
    return {key[len(prefix) :]: np.float64(arrays[key]) for key in names}


@functools.partial(fast_jit, static_argnums=(0,))
def trace_and_slopes(key, parameters, currents, weights):
    def loss(parameters, currents):
        found = run(CASES[key], parameters, currents)
        return sum((weight * found[name]).sum() for name, weight in weights.items()), found

    return jax.grad(loss, argnums=(0, 1), has_aux=True)(parameters, currents)


def differences(peer, name):
    """The largest differences of spikes, variables and gradients, each divided by the largest value of its kind.

    Ours are computed in float64, so what differs is the peer's rounding.
    """
    arrays, meta = load(peer)
    variables = [v for v in meta["cases"][name]["variables"]]
    kinds = [*(["spikes"] if f"{name}/spikes" in arrays.files else []), *variables]
    weights = {kind: np.float64(arrays[f"{name}/weights_{kind}"]) for kind in kinds}
    if f"{name}/weights_spikes" in arrays.files and peer == "spikingjelly" and "glif" in name:
        weights["spikes"] = np.moveaxis(weights["spikes"], 2, -1)
    (by_parameter, by_currents), found = trace_and_slopes(
        (peer, name),
        parameters_of(arrays, name),
        np.float64(arrays[f"{name}/currents"]),
        weights,
    )
    result = {}
    for kind in kinds:
        expected = arrays[f"{name}/{kind}"]
        if kind == "spikes" and "glif" in name:
            expected = np.moveaxis(expected, 2, -1)
        result[kind] = relative(found[kind], expected)
    if CASES[peer, name].gradients:
        result["gradient_currents"] = relative(by_currents, arrays[f"{name}/gradient_currents"])
        for parameter, slope in by_parameter.items():
            if parameter not in UNUSED and f"{name}/gradient_{parameter}" in arrays.files:
                result[f"gradient_{parameter}"] = relative(
                    slope, arrays[f"{name}/gradient_{parameter}"]
                )
    return result


# Potentials that are 0 here and in the records: a membrane of this library counts from there.
UNUSED = {"v_leak", "v_reset"}


def relative(found, expected):
    assert np.shape(found) == expected.shape
    scale = np.max(np.abs(expected))
    return float(np.max(np.abs(found - expected)) / scale) if scale else 0.0


@pytest.mark.parametrize("peer, name", CASES, ids=list(map("-".join, CASES)))
def test_equals_the_peer(float64, peer, name):
    """To float32 rounding: a gradient by one number is a sum of hundreds of terms that cancel."""
    for kind, difference in differences(peer, name).items():
        limit = 0.0 if kind == "spikes" else 3e-5 if kind.startswith("gradient") else 5e-6
        assert difference <= limit, (kind, difference)


def test_every_recorded_case_is_compared_or_has_a_reason():
    recorded = {(peer, name) for peer in PEERS for name in load(peer)[1]["cases"]}
    assert recorded == set(CASES) | set(NOT_OFFERED)
    assert not set(CASES) & set(NOT_OFFERED)
    assert all(NOT_OFFERED.values())


def test_records_say_what_they_are():
    for peer in PEERS:
        arrays, meta = load(peer)
        assert meta["peer"] == peer and meta["version"] and meta["date"] and meta["frameworks"]
        for name, entry in meta["cases"].items():
            assert entry["class"] and entry["model"], name
            assert 0.05 < entry["rate"] < 0.7 if "rate" in entry else True
            assert np.all(np.isfinite(arrays[f"{name}/currents"]))


# --- Surrogates -----------------------------------------------------------------------------------

S = surrogate
CURVES = {
    "spikingjelly": {
        "sigmoid": lambda alpha: S.Sigmoid(alpha),
        "atan": lambda alpha: S.ATan(alpha),
        "piecewise_quadratic": lambda alpha: S.Triangle(1 / alpha),
        "piecewise_exp": lambda alpha: S.PiecewiseExponential(alpha),
        "soft_sign": lambda alpha: S.SoftSign(alpha),
        "super_spike": lambda alpha: Scaled(S.SuperSpike(1.0), alpha),
        "nonzero_sign_log_abs": lambda alpha: S.LogAbs(alpha),
        "erf": lambda alpha: S.Erf(alpha),
        "piecewise_leaky_relu": lambda w, c: S.LeakyRectangle(w, c),
        "squarewave_fourier_series": lambda n, T_period: S.FourierSquare(T_period, n - 1),
        "s2nn": lambda alpha, beta: S.S2NN(alpha, beta),
        "q_pseudo_spike": lambda alpha: S.QPseudoSpike(alpha),
        "leaky_k_relu": lambda leak, k: S.LeakyStep(k, leak),
        "fake_numerical_gradient": lambda alpha: S.InverseDistance(alpha),
        "log_tailed_relu": lambda alpha: S.LogTail(alpha),
        "rect": lambda alpha: S.Rectangle(1 / alpha),
        "deterministic_pass": lambda: S.StraightThrough(),
        "dspike": lambda alpha: S.DSpike(alpha),
    },
    "snntorch": {
        "atan": lambda alpha: S.ATan(alpha),
        "fast_sigmoid": lambda slope: S.FastSigmoid(slope),
        "sigmoid": lambda slope: S.Sigmoid(slope),
        "straight_through_estimator": lambda: S.StraightThrough(),
        "heaviside": lambda: S.LeakyStep(1.0, 0.0),
        "spike_rate_escape": lambda beta, slope: S.SpikeRateEscape(slope, beta),
        "sfs": lambda slope, B: S.SparseFastSigmoid(slope, B),
    },
    "norse": {
        "super": lambda method, alpha: S.SuperSpike(1.0),  # the released rule ignores alpha
        "triangle": lambda method, alpha: Scaled(S.Triangle(1.0), alpha),
        "tanh": lambda method, alpha: S.Tanh(alpha),
        "circ": lambda method, alpha: S.Circle(alpha),
        "heavi_erfc": lambda method, alpha: Scaled(S.Erf(alpha), 2 / alpha),
    },
    "spyx": {
        "superspike": lambda k: S.SuperSpike(k),
        "tanh": lambda k: S.Tanh(k),
        "boxcar": lambda width, height: Scaled(S.Rectangle(width), height * width),
        "triangular": lambda k: Scaled(S.Triangle(1 / k), 1 / k),
        "arctan": lambda k: Scaled(S.ATan(2 * k), 1 / (np.pi * k)),
    },
}
# What a peer does wrong is not made here.
WRONG = {("snntorch", "triangular"): "its sign is wrong above the threshold, and it is no triangle"}


def recorded_curves():
    for peer in PEERS:
        for name, entry in load(peer)[1]["surrogates"].items():
            kind = max(
                (
                    k
                    for k in [*CURVES[peer], *(n for p, n in WRONG if p == peer)]
                    if name.startswith(k)
                ),
                key=len,
            )
            if (peer, kind) not in WRONG:
                yield peer, name, kind, entry["settings"]


@pytest.mark.parametrize("peer, name, kind, settings", list(recorded_curves()))
def test_curve_equals_the_peers(peer, name, kind, settings):
    """Same values, whatever the name: peers mean different curves by one name."""
    arrays, _ = load(peer)
    x = arrays[f"surrogate/{name}/x"]
    found = CURVES[peer][kind](**settings).derivative(jnp.asarray(x))
    expected = arrays[f"surrogate/{name}/derivative"]
    # Some peers take 1 − tanh² or σ (1 − σ), which cancel in the tails: an error of the size of the peak's last digit.
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=1e-6 * np.max(np.abs(expected)))
