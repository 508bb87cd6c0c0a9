"""Every neuron of the registry as fused kernels: equal to the scan, gradients included; and which of them cannot."""

import jax
import pytest

from fused_cases import REFUSED, STREAMING, compare, currents_of, neuron_of
from spikejax.dynamics.kernels import backends, fused
from spikejax.dynamics.kernels.apart import take_apart
from spikejax.dynamics.kernels.refusal import Refused
from spikejax.neurons.core.contract import start

BACKENDS = {"gpu": backends.TRITON, "tpu": backends.TPU, "mosaic": backends.MOSAIC}


@pytest.mark.parametrize("name", [name for name in STREAMING if (name, "gpu") not in REFUSED])
def test_a_neuron_is_the_same_as_kernels(name):
    compare(neuron_of(name))


@pytest.mark.parametrize("name", ["lif", "tc_lif", "ar_lif", "stochastic_lif", "leaky_integrator"])
def test_a_recurrent_layer_is_the_same_as_kernels(name):
    compare(neuron_of(name), recurrent=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in STREAMING if (name, "gpu") not in REFUSED])
def test_a_recurrent_layer_of_any_neuron_is_the_same_as_kernels(name):
    compare(neuron_of(name), recurrent=True)


@pytest.mark.parametrize("target", BACKENDS)
@pytest.mark.parametrize("name", STREAMING)
def test_which_neurons_are_refused_and_why(name, target):
    neuron = neuron_of(name)
    currents = currents_of(neuron)
    state = start(neuron, currents[0], jax.random.key(0))

    def prepare():
        fused.prepared(take_apart(neuron.step, state, currents).dynamics, BACKENDS[target])

    if (name, target) not in REFUSED:
        return prepare()
    with pytest.raises(Refused) as refusal:
        prepare()
    assert str(refusal.value).startswith(REFUSED[name, target])
