"""The networks of this library whose graphs the other tools read; run as a script it writes spikejax.npz."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from exchange import drive
from spikejax import MLP, run
from spikejax.layers import Conv, Linear, Spiking
from spikejax.layers.pooling import Flatten, Pool
from spikejax.networks.core.nir import to_nir
from spikejax.neurons import make

HELD = {"decay": drive.DECAY, "threshold": drive.THRESHOLD}
CUBA = {**HELD, "synaptic_decay": drive.SYNAPTIC}


def hard(name, **settings):
    """A neuron as NIR has it."""
    return make(name, reset="zero", strict=True, **settings)


def vectors(neuron, recurrent=()):
    """Two layers of neurons as an MLP without a read-out."""
    network = MLP(drive.SIZES[1:2], drive.SIZES[2], neuron, recurrent=recurrent)
    variables = network.init(jax.random.key(0), jnp.ones((1, 1, drive.SIZES[0])))
    params = dict(variables["params"])
    for number, layer in enumerate(("linear_0", "readout")):
        params[layer] = weights(f"layer {number}", *drive.SIZES[number + 1 :: -1][:2])
    if recurrent:
        params["neuron_0"] = weights("feedback", drive.SIZES[1], drive.SIZES[1])
    return network, {**variables, "params": params}, drive.currents()


def weights(name, outputs, inputs):
    """The weights of a layer of vectors."""
    weight, bias = drive.weights(name, outputs, inputs)
    return {"kernel": jnp.asarray(weight.T), "bias": jnp.asarray(bias)}


def images():
    """A convolution, pooling, and a read-out."""
    channels, rows, columns = drive.IMAGE
    network = nn.Sequential(
        [
            Conv(drive.CHANNELS, (3, 3), padding=1),
            Spiking(hard("lif", **HELD)),
            Pool((2, 2)),
            Flatten(),
            Linear(drive.SIZES[2]),
        ]
    )
    x = drive.currents(images=True).transpose(0, 1, 3, 4, 2)
    variables = network.init(jax.random.key(0), x[:1])
    kernel = drive.draws("kernel", (drive.CHANNELS, channels, 3, 3), 0.5).transpose(2, 3, 1, 0)
    bias = drive.draws("kernel b", (drive.CHANNELS,), 0.2)
    features = drive.CHANNELS * rows * columns // 4
    params = {
        **variables["params"],
        "layers_0": {"kernel": jnp.asarray(kernel), "bias": jnp.asarray(bias)},
        "layers_4": weights("images", drive.SIZES[2], features),
    }
    return network, {**variables, "params": params}, x


NETWORKS = {
    "lif": lambda: vectors(hard("lif", **HELD)),
    "lif complement": lambda: vectors(
        hard("lif", decay=drive.DECAY, threshold=0.25, input_scaling="complement")
    ),
    "if": lambda: vectors(hard("integrate_and_fire", threshold=drive.THRESHOLD)),
    "cuba": lambda: vectors(hard("cuba_lif", **CUBA)),
    "recurrent": lambda: vectors(hard("lif", **HELD), recurrent=(0,)),
    "convolutional": images,
    # Soft reset, as spyx has it, which only metadata can say.
    "spyx": lambda: vectors(make("lif", like="spyx", **HELD)),
}


def graph(name):
    """The graph of a network, its inputs and outputs."""
    network, variables, x = NETWORKS[name]()
    beyond = "metadata" if name == "spyx" else "refuse"
    made = to_nir(network, variables, x.shape[2:], dt=1e-4, beyond_nir=beyond)
    return made, run(network, variables, jnp.asarray(x))[0]


if __name__ == "__main__":
    record = drive.Record("spikejax")
    for name in NETWORKS:
        record.wrote(name, *graph(name))
    record.save()
