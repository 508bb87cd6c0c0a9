"""Graphs of Spyx and what it makes of ours, run by `record.py`."""

import drive
import jax.numpy as jnp
import numpy as np
import spyx
import spyx.nir
from flax import nnx

FEATURES, HIDDEN, OUTPUTS = drive.SIZES
SHAPES = {"input": np.array([FEATURES])}, {"output": np.array([OUTPUTS])}


def linear(name, outputs, inputs):
    layer = nnx.Linear(inputs, outputs, rngs=nnx.Rngs(0))
    weight, bias = drive.weights(name, outputs, inputs)
    layer.kernel[...], layer.bias[...] = jnp.asarray(weight.T), jnp.asarray(bias)
    return layer


def around(neurons):
    return spyx.nn.Sequential(
        linear("layer 0", HIDDEN, FEATURES), neurons, linear("layer 1", OUTPUTS, HIDDEN)
    )


def rlif():
    neurons = spyx.nn.RLIF((HIDDEN,), beta=drive.DECAY, threshold=drive.THRESHOLD, rngs=nnx.Rngs(0))
    neurons.recurrent_w[...] = jnp.asarray(drive.weights("feedback", HIDDEN, HIDDEN)[0].T)
    return neurons


KEYS = {"rngs": nnx.Rngs(0)}
DECAYS = {"alpha": drive.SYNAPTIC, "beta": drive.DECAY}
NETWORKS = {
    "lif": lambda: spyx.nn.LIF((HIDDEN,), drive.DECAY, drive.THRESHOLD, **KEYS),
    "if": lambda: spyx.nn.IF((HIDDEN,), drive.THRESHOLD),
    "cuba": lambda: spyx.nn.CuBaLIF((HIDDEN,), **DECAYS, threshold=drive.THRESHOLD, **KEYS),
    "recurrent": rlif,
}


def main():
    record = drive.Record("spyx", "spyx", "jax", "flax")
    for name, neurons in NETWORKS.items():

        def write(name=name, neurons=neurons):
            net = around(neurons())
            outputs, _ = spyx.nn.run(net, jnp.asarray(drive.currents()))
            record.wrote(name, spyx.nir.to_nir(net, *SHAPES, dt=1e-4), outputs)

        record.attempt(name, write)
    for name, graph in drive.graphs().items():
        x = drive.currents(images=name == "convolutional")
        x = jnp.asarray(x.transpose(0, 1, 3, 4, 2) if x.ndim == 5 else x)

        def read(name=name, graph=graph, x=x):
            record.read(name, spyx.nir.from_nir(graph, x, dt=1e-4)[1])

        record.attempt(f"spikejax {name}", read)
    record.save()


if __name__ == "__main__":
    main()
