"""The oracles of neurons with a nonlinear or a turning membrane potential by hand: single steps, rests and resets."""

import numpy as np
import pytest

from oracle_inputs import check
from oracles import (
    adex,
    balanced_resonate_and_fire,
    c_silif,
    exponential_lif,
    i_lif,
    izhikevich,
    quadratic_lif,
    resonate_and_fire,
    ternary_lif,
)


def test_quadratic_lif_by_hand():
    check(quadratic_lif([1.0], start=0.4), membrane=[0.82], spikes=[0])
    trace = quadratic_lif([2.0], start=0.9)
    check(trace, membrane=[1.945], spikes=[1], membrane_after=[-0.1])
    for fixed_point in (None, 0.3, 0.7):
        trace = quadratic_lif(np.zeros(5), rest=0.3, critical=0.7, start=fixed_point)
        check(trace, membrane_after=np.full(5, fixed_point or 0.3))


def test_i_lif_by_hand():
    trace = i_lif([2.75, 0.25, 9, -4], decay=0.5)
    check(trace, membrane=[2.75, 0.125, 9.0625, -1.46875], spikes=[3, 0, 4, 0])
    check(trace, membrane_after=[-0.25, 0.125, 5.0625, -1.46875])


@pytest.mark.parametrize("reset, membrane", [("zero", [-1, 0.25, 1.125]), ("subtract", [-1, 0, 1])])
def test_ternary_lif_by_hand(reset, membrane):
    trace = ternary_lif([-1, 0.25, 1], decay=0.5, amplitude=2.0, reset=reset)
    check(trace, membrane=membrane, spikes=[-2, 0, 2])


def test_exponential_lif_by_hand():
    check(exponential_lif([0.0], start=0.8), membrane=[0.9], spikes=[0])
    rise = np.exp(-0.6 / 0.5) / 4
    check(exponential_lif([0.5], rest=0.2, slope_factor=0.5), membrane=[0.2 + 0.25 + rise])
    check(exponential_lif([2.0]), spikes=[1], membrane_after=[-0.1])


def test_izhikevich_by_hand():
    check(izhikevich([10.0]), membrane=[-61.5], recovery=[-13], membrane_after=[-61.5])
    trace = izhikevich([4.0], start=(29.0, -10.0))
    recovery = -10 + 0.5 * 0.02 * (0.2 * 29 + 10)
    check(trace, membrane=[195.32], recovery=[recovery], spikes=[1])
    check(trace, membrane_after=[-65], recovery_after=[recovery + 8])


@pytest.mark.parametrize("recovery, after", [("before", 0.0), ("after", -0.01875)])
def test_izhikevich_with_other_numbers(recovery, after):
    numbers = {"quadratic": 0.05, "linear": 6.0, "constant": 150.0, "rest": -65.0}
    trace = izhikevich([10.0], recovery=recovery, **numbers)
    check(trace, membrane=[-74.375], recovery_after=[after], spikes=[0])


def test_adex_rests():
    """The upswing that is left at rest, 60 exp(-10.1) pA, lifts it by less than 1e-4 mV."""
    trace = adex(np.zeros(2000))
    lifted = trace["membrane"] + 70.6
    assert np.all((lifted > 0) & (lifted < 60 * np.exp(-10.1) / 30))
    assert abs(lifted[-1] - lifted[-500]) < 2e-6
    assert not np.any(trace["spikes"])


def test_adex_by_hand():
    trace = adex([1000.0], start=(-50.4, 10.0))
    check(trace, membrane=[-50.4 + 0.1 / 281 * (60 - 30 * 20.2 - 10 + 1000)])
    check(trace, adaptation_after=[10 + 0.1 / 144 * (4 * 20.2 - 10)], spikes=[0])
    capped = adex([0.0], start=(40.0, 0.0))
    adaptation = 0.1 / 144 * 4 * 110.6
    upswing = 60 * np.exp(35.2) - 30 * 110.6
    check(capped, membrane=[40 + 0.1 / 281 * upswing], adaptation=[adaptation])
    check(capped, membrane_after=[-70.6], adaptation_after=[adaptation + 80.5])


def test_resonate_and_fire_turns():
    turned = np.exp((-0.3 + 0.8j) * 0.5 * np.arange(12))
    options = {"damping": -0.3, "frequency": 0.8, "dt": 0.5}
    trace = resonate_and_fire(np.eye(12)[0], threshold=9.0, **options)
    check(trace, real=turned.real, imaginary=turned.imag)


@pytest.mark.parametrize(
    "reset, after", [("zero", (0, 0)), ("voltage", (-1, 0)), ("none", (-1, 2))]
)
def test_resets_of_resonate_and_fire(reset, after):
    """A quarter turn without damping takes the first input, 2, to the part that fires."""
    numbers = {"damping": 0.0, "frequency": np.pi / 2}
    trace = resonate_and_fire([2.0, -1.0], reset=reset, **numbers)
    check(trace, imaginary=[0, 2], real=[2, -1], spikes=[0, 1])
    check(trace, real_after=[2, after[0]], imaginary_after=[0, after[1]])


def test_balanced_resonate_and_fire_by_hand():
    """dt ω = 3/5, so the boundary is at −2; a spike damps the next step and raises its threshold by 1."""
    trace = balanced_resonate_and_fire([20, 0], frequency=6.0, damping=3.0, dt=0.1)
    check(trace, real=[2, 0.8], imaginary=[0, 1.2], refractory=[1, 0.9], spikes=[1, 0])


def test_c_silif_by_hand():
    """A quarter turn in each step, its decay 1/2; a spike takes 1/2 from x before the turn."""
    numbers = {"log_dt": 0.0, "log_rate": np.log(np.log(2.0)), "frequency": np.pi / 2}
    trace = c_silif([2, 0, 1], **numbers)
    check(trace, real=[2, 0, 0.625], imaginary=[0, 0.75, 0], spikes=[1, 0, 1])
