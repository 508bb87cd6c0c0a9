"""The oracles of parallel and of stochastic neurons by hand: matrix products, and spikes from given uniform numbers."""

import numpy as np

from oracle_inputs import BIAS, CURRENTS, TRIANGLE, WEIGHT, check
from oracles import gradient, masked_psn, mpe_psn, pmsn, psn, sliding_psn, stochastic_lif


def test_parallel_neurons_are_matrix_products():
    check(psn(CURRENTS, weight=WEIGHT, bias=BIAS), membrane=WEIGHT @ CURRENTS)
    fired = WEIGHT @ CURRENTS + BIAS[:, None] >= 0
    check(psn(CURRENTS, weight=WEIGHT, bias=BIAS), spikes=fired)
    band = np.tril(np.ones((12, 12))) - np.tril(np.ones((12, 12)), -3)
    for masking in (0.0, 0.6, 1.0):
        masked = WEIGHT * (masking * band + 1 - masking)
        options = {"weight": WEIGHT, "bias": BIAS, "order": 3, "masking": masking}
        check(masked_psn(CURRENTS, **options), membrane=masked @ CURRENTS)
    kernel = np.array([0.25, 0.5, 1.0])
    trace = sliding_psn(CURRENTS, weight=kernel)
    expected = np.transpose([np.convolve(x, kernel[::-1])[:12] for x in CURRENTS.T])
    check(trace, membrane=expected, spikes=expected >= 1)


def test_pmsn_by_hand():
    """One mode without rotation, with decay and gain 1/2: the kernel is 1/2, 1/4, 1/8, beside the current itself."""
    numbers = {"log_dt": np.log(np.log(2.0)), "log_rate": np.zeros(1), "frequency": np.zeros(1)}
    modes = {"input_real": np.ones(1), "output_real": np.ones(1)}
    nothing = {"input_imaginary": np.zeros(1), "output_imaginary": np.zeros(1)}
    trace = pmsn(
        [2.0, 0.0, 2.0, -8.0], **numbers, **modes, **nothing, feedthrough=0.5, threshold=1.25
    )
    # The sum of what is positive is 2, 2.5, 4.75, 4.75: it leaves 0.75, 0, 1, 1.
    check(trace, membrane=[2, 0.5, 2.25, -7.375], charge=[0.75, 0, 1, 1], spikes=[1, 1, 1, 0])


def test_psn_by_hand():
    trace = psn([1.0, 2.0], weight=np.array([[0.5, 1.0], [-1.0, 0.25]]), bias=[-3.0, 0.5])
    check(trace, membrane=[2.5, -0.5], spikes=[0, 1])
    slopes = gradient(
        psn,
        [1.0, 2.0],
        TRIANGLE,
        {"spikes": [2.0, 3.0], "membrane": [0.0, 10.0]},
        {"weight": [[0.5, 1.0], [-1.0, 0.25]], "bias": [-3.0, 0.5]},
        ["weight", "bias"],
    )
    # Their distances from the threshold, -1/2 and 0, have the surrogate slopes 1/2 and 1.
    np.testing.assert_allclose(slopes["bias"], [1, 3])
    np.testing.assert_allclose(slopes["weight"], [[1, 2], [13, 26]])


def test_mpe_psn_by_hand():
    """sigmoid(2) = .88: with .9 the coin says no spike, so the input is the estimate."""
    trace = mpe_psn([2.0, 3.0, -1.0], uniform=[0.9, 0.1, 0.5], threshold=2.5)
    check(trace, estimate=[2, 0, -1], membrane=[2, 3.5, -1], spikes=[0, 1, 0])


def test_stochastic_lif_by_hand():
    numbers = {"decay": 0.5, "threshold": 1.0, "width": 0.5}
    p = 1 / (1 + np.exp(-1.0))
    for uniform, spike in [(0.73, 1), (0.74, 0)]:
        trace = stochastic_lif([1.5], uniform=[uniform], **numbers)
        check(trace, membrane=[1.5], spikes=[spike], membrane_after=[1.5 - spike])
        slopes = gradient(
            stochastic_lif,
            [1.5],
            None,
            {"spikes": [1.0]},
            numbers,
            ["currents", "threshold", "width"],
            uniform=[uniform],
        )
        slope = p * (1 - p) / 0.5
        np.testing.assert_allclose(slopes["currents"], [slope])
        np.testing.assert_allclose([slopes["threshold"], slopes["width"]], [-slope, -slope])


def test_stochastic_lif_fires_with_its_probability():
    uniform = np.random.default_rng(3).uniform(size=(1, 100_000))
    trace = stochastic_lif(np.full((1, 100_000), 0.9), uniform=uniform)
    assert abs(trace["spikes"].mean() - 1 / (1 + np.exp(0.5))) < 0.005
