"""Samples of different lengths: padded to one length they give what they give without padding, to 1e-12 in float64."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import spikejax
from spikejax import MLP, Spiking
from spikejax.data import Split
from spikejax.devices import averages
from spikejax.dynamics import Time
from spikejax.inputs import Sequence
from spikejax.layers import AxonalDelay, DelayedLinear, DelayedRecurrent
from spikejax.networks.core import pure
from spikejax.networks.dh_snn import DHSNN
from spikejax.networks.lstm import LSTM
from spikejax.networks.ltc_snn import LTCSNN
from spikejax.neurons import make
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.neurons.wrappers.delayed import Delayed
from spikejax.neurons.wrappers.refractory import Refractory
from spikejax.objectives import Accuracy, FiringRate, StepCrossEntropy, SummedCrossEntropy
from spikejax.objectives.composed import objective
from spikejax.objectives.metrics import Rates
from spikejax.objectives.model import Model

STEPS, BATCH, CLASSES = 12, 4, 3
LENGTHS = np.array([5, 12, 1, 8])
KEY = jax.random.key(0)


class Convolutional(nn.Module):
    """Convolution, batch normalisation, neurons, pooling over space."""

    folded: bool = False

    @nn.compact
    def __call__(self, x, train=False):
        x = nn.Conv(4, (3, 3))(x)
        shape = x.shape
        x = x.reshape(-1, *shape[2:]) if self.folded else x
        x = nn.BatchNorm(use_running_average=not train)(x).reshape(shape)
        x = Spiking(LIF(threshold=0.5))(x)
        return nn.Dense(CLASSES)(x.mean((2, 3)))


DELAYED = Delayed(neuron=Refractory(neuron=LIF(), period=2.0), delay=1.5, longest=3)
NETWORKS = {
    "mlp": (MLP((8, 6), CLASSES, LIF(decay=0.9)), (5,)),
    "recurrent": (MLP((8, 6), CLASSES, TCLIF(), recurrent=(0, 1), gain=3.0), (5,)),
    "delayed": (MLP((8,), CLASSES, DELAYED, recurrent=(0,)), (5,)),
    "sliding_psn": (MLP((8,), CLASSES, make("sliding_psn")), (5,)),
    "dh_snn": (DHSNN((8, 6), CLASSES, branches=2, threshold=0.05, recurrent=(0,)), (5,)),
    "synaptic_delays": (
        nn.Sequential([DelayedLinear(8, 3, 0.7, 3.0), Spiking(LIF()), nn.Dense(CLASSES)]),
        (5,),
    ),
    "axonal_delays": (
        nn.Sequential([AxonalDelay(3, 0.7), nn.Dense(8), Spiking(LIF()), nn.Dense(CLASSES)]),
        (5,),
    ),
    **{
        f"recurrent_delays_{per}": (
            nn.Sequential(
                [nn.Dense(8), DelayedRecurrent(TCLIF(), 2, 0.7, per, gain=3.0), nn.Dense(CLASSES)]
            ),
            (5,),
        )
        for per in ("axon", "synapse")
    },
    "ltc_snn": (LTCSNN((8, 6), CLASSES, recurrent=(0,)), (5,)),
    "lstm": (LSTM(units=6, classes=CLASSES), (5,)),
    "convolutional": (Convolutional(), (4, 4, 2)),
    "folded": (Convolutional(folded=True), (4, 4, 2)),
}
SUMMED = SummedCrossEntropy()
RATES = Rates()
STREAMING = [name for name in NETWORKS if name not in ("convolutional", "folded")]
networks = pytest.mark.parametrize("name", NETWORKS)


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def sequences(name, lengths, steps=STEPS):
    """Samples [B, T, *F] that are filled up with large numbers, and labels."""
    _, shape = NETWORKS[name]
    draw = np.random.default_rng(1)
    inputs = draw.normal(0.5, 1.5, (len(lengths), STEPS, *shape))[:, :steps]
    labels = np.arange(len(lengths)) % CLASSES
    real = np.arange(steps) < np.asarray(lengths)[:, None]
    return np.where(real.reshape(*real.shape, *[1] * len(shape)), inputs, 1e3), labels


def measured(name, samples, variables, time=Time(), loss=SUMMED):
    """Loss, what is measured, what is changed and the gradient of a batch in training."""
    model = Model(pure.Functions(NETWORKS[name][0]), Sequence(), time)
    aims = objective(model, loss, (FiringRate(strength=0.5, target=0.1),), (Accuracy(), RATES))
    if name == "lstm":
        aims = objective(model, loss, (), (Accuracy(),))
    batch = jax.tree.map(jnp.asarray, samples)

    def of_parameters(params):
        return aims({**variables, "params": params}, batch, KEY)

    found, gradient = jax.jit(jax.value_and_grad(of_parameters, has_aux=True))(variables["params"])
    value, (means, changed) = found
    return {"loss": value, **averages.values(means), "changed": changed, "gradient": gradient}


def initial(name, inputs):
    made = pure.Functions(NETWORKS[name][0]).init(KEY, inputs[:1].swapaxes(0, 1))
    return jax.tree.map(lambda leaf: leaf.astype(float), made)


def sample(leaf, i):
    """That of one sample; no other axis of these networks' states has BATCH entries."""
    assert leaf.shape.count(BATCH) == 1
    return jnp.take(leaf, jnp.array([i]), leaf.shape.index(BATCH))


def assert_close(found, expected):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12), found, expected
    )


@networks
@pytest.mark.parametrize("loss", [SUMMED, StepCrossEntropy()], ids=["sum", "step"])
def test_a_padded_batch_is_the_unpadded_one(name, loss):
    """Loss, accuracy, firing rates, gradients and batch statistics, in training."""
    length = 7
    padded, labels = sequences(name, [length] * BATCH)
    variables = initial(name, padded)
    expected = measured(name, Split(padded[:, :length], labels), variables, loss=loss)
    for time in (Time(), Time(chunk=5)) if name in STREAMING else (Time(),):
        lengths = np.full(BATCH, length)
        found = measured(name, Split(padded, labels, lengths), variables, time, loss)
        assert_close(found, expected)
    if name != "lstm":
        assert all(float(rate) > 0 for rate in expected["firing_rate"].values())


@pytest.mark.parametrize("name", STREAMING)
def test_each_sample_of_a_batch_is_as_if_alone(name):
    """Outputs, final state and, as a mean over samples, loss and gradient."""
    padded, labels = sequences(name, LENGTHS)
    network, variables = NETWORKS[name][0], initial(name, padded)
    x = jnp.asarray(padded.swapaxes(0, 1))
    for time in (Time(), Time(chunk=1), Time(chunk=5)):
        outputs, carry = spikejax.run(network, variables, x, time=time, lengths=LENGTHS)
        for i, length in enumerate(LENGTHS):
            alone, last = spikejax.run(network, variables, x[:length, i : i + 1])
            np.testing.assert_allclose(outputs[:length, i : i + 1], alone, rtol=0, atol=1e-12)
            assert not np.any(outputs[length:, i])
            own = jax.tree.map(lambda leaf, i=i: sample(leaf, i), carry["state"])
            assert_close(own, last["state"])
    whole = measured(name, Split(padded, labels, LENGTHS), variables)
    single = [
        measured(name, Split(padded[i : i + 1, :n], labels[i : i + 1]), variables)
        for i, n in enumerate(LENGTHS)
    ]
    mean = jax.tree.map(lambda *x: sum(x) / len(x), *[found["gradient"] for found in single])
    assert_close(whole["gradient"], mean)
    assert_close(whole["loss"], sum(found["loss"] for found in single) / BATCH)


@pytest.mark.parametrize("name", ["convolutional", "folded"])
def test_batch_statistics_are_those_of_the_real_steps(name):
    padded, labels = sequences(name, LENGTHS)
    variables = initial(name, padded)
    found = measured(name, Split(padded, labels, LENGTHS), variables)["changed"]
    maps = nn.Conv(4, (3, 3)).apply({"params": variables["params"]["Conv_0"]}, padded)
    real = np.concatenate([np.asarray(maps)[i, :n] for i, n in enumerate(LENGTHS)])
    statistics = found["batch_stats"]["BatchNorm_0"]
    np.testing.assert_allclose(statistics["mean"], 0.01 * real.mean((0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(statistics["var"], 0.99 + 0.01 * real.var((0, 1, 2)), rtol=1e-12)


def test_one_program_for_all_lengths():
    padded, _ = sequences("mlp", LENGTHS)
    network, variables = NETWORKS["mlp"][0], initial("mlp", padded)
    traced = []

    @jax.jit
    def outputs(lengths):
        traced.append(lengths)
        return spikejax.run(network, variables, padded.swapaxes(0, 1), lengths=lengths)[0]

    for lengths in ([1, 2, 3, 4], [12, 12, 12, 12]):
        outputs(jnp.array(lengths))
    assert len(traced) == 1


class Averaging(nn.Module):
    """A layer of one's own that receives the mask."""

    @nn.compact
    def __call__(self, x, step_mask=None):
        if step_mask is None:
            return jnp.broadcast_to(x.mean(0), x.shape)
        return jnp.broadcast_to(x.sum(0) / step_mask.sum(0)[:, None], x.shape)


def test_a_module_with_the_argument_step_mask_receives_it():
    padded, _ = sequences("mlp", LENGTHS)
    network, x = nn.Sequential([nn.Dense(3, use_bias=False), Averaging()]), padded.swapaxes(0, 1)
    variables = network.init(KEY, x)
    outputs, _ = spikejax.run(network, variables, x, lengths=LENGTHS)
    alone, _ = spikejax.run(network, variables, x[:5, :1])
    np.testing.assert_allclose(outputs[0, 0], alone[0, 0], rtol=1e-12)


@pytest.mark.parametrize(
    "lengths, found",
    [
        ([5, 12, 1], r"int64\[3\]"),
        ([5.0, 12.0, 1.0, 8.0], r"float64\[4\]"),
        ([5, 13, 1, 8], "from 1 to 13"),
        ([0, 12, 1, 8], "from 0 to 12"),
    ],
)
def test_lengths_that_do_not_fit(lengths, found):
    padded, _ = sequences("mlp", LENGTHS)
    network, variables = NETWORKS["mlp"][0], initial("mlp", padded)
    with pytest.raises(
        ValueError, match=f"lengths as integers .* from 1 to T = 12, found .*{found}"
    ):
        spikejax.run(network, variables, padded.swapaxes(0, 1), lengths=np.array(lengths))


def test_a_batch_norm_whose_values_have_another_layout():
    class Transposed(nn.Module):
        @nn.compact
        def __call__(self, x):
            return nn.BatchNorm(use_running_average=False)(x.swapaxes(0, 2)).swapaxes(0, 2)

    padded, _ = sequences("mlp", LENGTHS)
    x = padded.swapaxes(0, 1)
    variables = Transposed().init(KEY, x)
    with pytest.raises(ValueError, match="BatchNorm, whose samples have different lengths"):
        spikejax.run(Transposed(), variables, x, lengths=LENGTHS)
