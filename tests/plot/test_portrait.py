"""Portraits: what a threshold, a spike and a time are drawn as, and which neurons have an f-I curve."""

import numpy as np
import pytest

from spikejax import plot
from spikejax.catalogue import portrait
from spikejax.neurons import make
from spikejax.plot.style import THRESHOLD


def drawn(name):
    neuron = make(name)
    found = portrait.responses(neuron)
    dt = portrait.step_in_ms(neuron)
    made = plot.portrait(found, portrait.rates(neuron), spiking=neuron.spiking, dt=dt)
    return found, made.axes


def dashed(axis):
    return [line for line in axis.lines if line.get_color() == THRESHOLD]


def test_a_threshold_is_dashed_in_the_variable_that_is_compared_with_it():
    _, axes = drawn("tc_lif")
    rows = {axis.get_ylabel(): dashed(axis) for axis in axes if axis.get_ylabel()}
    (line,) = rows.pop("soma")
    assert set(line.get_ydata()) == {1.0} and line.get_linestyle() == "--"
    assert not any(rows.values())


def test_a_threshold_that_moves():
    found, axes = drawn("alif")
    (line,) = next(dashed(axis) for axis in axes if axis.get_ylabel() == "membrane")
    np.testing.assert_array_equal(line.get_ydata(), found["step"].variables["threshold"])
    assert len(set(line.get_ydata())) > 10


def test_currents_are_steps_and_many_spikes_are_still_there():
    found, axes = drawn("lif")
    assert np.mean(found["step"].spikes) > 0.3 * 0.7  # of the steps that have a current
    current, membrane = axes[0], axes[3 + 1]
    assert current.lines[0].get_drawstyle() == "steps-mid"
    (guides,) = membrane.collections
    assert len(guides.get_segments()) == np.count_nonzero(found["step"].spikes)


def test_a_neuron_in_ms_has_hertz():
    found, axes = drawn("izhikevich")
    labels = {axis.get_xlabel() for axis in axes} | {axis.get_ylabel() for axis in axes}
    assert {"time (ms)", "firing rate (Hz)"} <= labels and "time step" not in labels
    (curve,) = (axis for axis in axes if axis.get_title() == "f-I curve")
    found_rates = portrait.rates(make("izhikevich"))
    assert found_rates is not None
    _, rates = found_rates
    np.testing.assert_allclose(curve.lines[0].get_ydata(), 2000 * rates, rtol=1e-6)  # 0.5 ms
    assert axes[0].lines[0].get_xdata()[-1] == 0.5 * (len(found["step"].current) - 1)


@pytest.mark.parametrize("name", ["leaky_integrator", "adaptive_relu", "psn", "masked_psn"])
def test_no_curve_where_there_is_no_rate(name):
    assert portrait.rates(make(name)) is None


@pytest.mark.parametrize("name", ["psn", "leaky_integrator"])
def test_a_figure_without_a_curve(name):
    found, axes = drawn(name)
    assert {axis.get_title() for axis in axes} == {"", *found}
