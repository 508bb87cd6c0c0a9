"""Traces of Spyx, run by `record.py`."""

import jax
import jax.numpy as jnp
import numpy as np
import spyx
from drive import BATCH, FEATURES, STEPS, Drive, Record, output, parameter, surrogate_grid, weights
from flax import nnx
from spyx import axn

LATE = "a spike is of the membrane of before the step; the reset, by it, is not detached"


class Tap(nnx.Module):
    """Gives the state out beside the output, for `spyx.nn.run` to stack."""

    def __init__(self, layer):
        self.layer = layer

    def initial_state(self, batch_size):
        return self.layer.initial_state(batch_size)

    def __call__(self, x, state):
        spikes, state = self.layer(x, state)
        return (spikes, state), state


def split(names):
    """The states that a layer packs along its last axis, by name."""

    def unpack(packed):
        return dict(zip(names, jnp.split(packed, len(names), -1), strict=True))

    return unpack


def case(record, name, model, layer, settings, drive, names=("V",), note=LATE, kernel=None):
    """A layer's case; `kernel` replaces the recurrent one, which starts nearly at 0."""
    if kernel is not None:
        layer.recurrent_w[...] = jnp.asarray(kernel)
    graph, parameters, rest = nnx.split(Tap(layer), nnx.Param, ...)
    spikes_out = not isinstance(layer, spyx.nn.LI)

    def run(parameters, currents):
        (spikes, packed), _ = spyx.nn.run(nnx.merge(graph, parameters, rest), currents)
        traces = split(names)(packed)
        return {"spikes": spikes, **traces} if spikes_out else traces

    def loss(parameters, currents):
        traces = run(parameters, currents)
        return sum((weights(key, trace.shape) * trace).sum() for key, trace in traces.items())

    currents = jnp.asarray(drive.currents())
    traces = run(parameters, currents)
    of_parameters, of_currents = jax.grad(loss, argnums=(0, 1))(parameters, currents)
    np_ = {key: np.asarray(value) for key, value in traces.items()}
    excess = None
    if spikes_out:
        before = {key: np.concatenate([0 * value[:1], value[:-1]]) for key, value in np_.items()}
        threshold = np.float32(settings["threshold"]) + before.get("T", np.float32(0))
        excess = before["V"] - threshold
    record.case(
        name,
        model=model,
        source=f"nn.{type(layer).__name__}",
        settings={"activation": {"name": "superspike", "k": 25}} | settings,
        drive=drive,
        traces=np_,
        gradients={"currents": np.asarray(of_currents), **leaves(of_parameters)},
        parameters=leaves(parameters),
        excess=excess,
        note=note,
    )


def leaves(state) -> dict[str, np.ndarray]:
    return {path[-1]: np.asarray(leaf[...]) for path, leaf in nnx.to_flat_state(state)}


def cases(record):
    nn, rngs, shape = spyx.nn, nnx.Rngs(0), (FEATURES,)
    for threshold in (1.0, 0.75):
        settings = {"beta": 0.8, "threshold": threshold}
        layer = nn.LIF(shape, **settings, rngs=rngs)
        case(record, f"lif_{threshold}", "lif", layer, settings, Drive(0.6, 0.3))
    settings = {"threshold": 1.0}
    layer = nn.IF(shape, **settings)
    case(record, "if", "integrate_and_fire", layer, settings, Drive(0.5, 0.3))
    settings = {"beta": 0.8}
    layer = nn.LI(shape, **settings, rngs=rngs)
    drive, note = Drive(1.0, 0.5), "gives the membrane of after the step"
    case(record, "li", "leaky_integrator", layer, settings, drive, note=note)
    settings = {"beta": 0.8, "gamma": 0.9, "threshold": 1.0}
    layer = nn.ALIF(shape, **settings, rngs=rngs)
    note = f"{LATE}, by threshold + T; T follows the spikes by gamma and 1 - gamma"
    case(record, "alif", "alif", layer, settings, Drive(0.7, 0.5), ("V", "T"), note)
    settings = {"alpha": 0.6, "beta": 0.8, "threshold": 1.0}
    layer = nn.CuBaLIF(shape, **settings, rngs=rngs)
    note = f"{LATE}; V is reset before it decays, unlike that of lif; the new I drives V"
    case(record, "cuba_lif", "cuba_lif", layer, settings, Drive(0.4, 0.15), ("V", "I"), note)

    kernel = parameter("spyx_recurrent", shape + shape, 0.5)
    note = f"{LATE}; spikes @ recurrent_w, of the same spikes, is added to the current"
    settings = {"beta": 0.8, "threshold": 1.0}
    layer = nn.RLIF(shape, **settings, rngs=rngs)
    case(record, "rlif", "lif", layer, settings, Drive(0.6, 0.3), note=note, kernel=kernel)
    settings = {"threshold": 1.0}
    layer = nn.RIF(shape, **settings, rngs=rngs)
    drive = Drive(0.5, 0.2)
    case(record, "rif", "integrate_and_fire", layer, settings, drive, note=note, kernel=kernel)
    settings = {"alpha": 0.6, "beta": 0.8, "threshold": 1.0}
    layer = nn.RCuBaLIF(shape, **settings, rngs=rngs)
    note = f"{LATE}; as cuba_lif, spikes @ recurrent_w, of the same spikes, is added to I"
    drive, names = Drive(0.4, 0.1), ("V", "I")
    case(record, "rcuba_lif", "cuba_lif", layer, settings, drive, names, note, kernel)


def surrogates(record):
    curves = {
        "superspike": (axn.superspike, {"k": 25}, "peak 1"),
        "superspike_5": (axn.superspike, {"k": 5}, ""),
        "tanh": (axn.tanh, {"k": 1}, "sech(k x)^2"),
        "tanh_3": (axn.tanh, {"k": 3}, "without the factor k"),
        "boxcar": (axn.boxcar, {"width": 2, "height": 0.5}, "width is from edge to edge"),
        "boxcar_1_2": (axn.boxcar, {"width": 1, "height": 2}, ""),
        "triangular": (axn.triangular, {"k": 2}, "1 - |k x|: the base is 2 / k wide"),
        "triangular_1": (axn.triangular, {"k": 1}, ""),
        "arctan": (axn.arctan, {"k": 2}, "1 / (pi (1 + (pi k x)^2)): the peak is 1 / pi for any k"),
        "arctan_1": (axn.arctan, {"k": 1}, ""),
    }
    for name, (function, settings, note) in curves.items():
        curve = jax.vmap(jax.grad(function(**settings)))
        record.surrogate(
            name,
            source=f"axn.{function.__name__}",
            settings=settings,
            derivative=np.asarray(curve(jnp.asarray(surrogate_grid()))),
            note=note,
        )


def defects(record):
    """What a layer does with more than one axis of features."""
    for name in ("ALIF", "CuBaLIF"):
        layer = getattr(spyx.nn, name)((2, FEATURES), rngs=nnx.Rngs(0))
        try:
            spyx.nn.run(layer, jnp.zeros((STEPS, BATCH, 2, FEATURES)))
        except Exception as error:
            text = f"a hidden shape of two axes: {type(error).__name__}: {error}"
            record.defect(name, text.splitlines()[0][:300])
    record.defect(
        "all spiking layers",
        "a layer's spikes are those of its membrane of before the step: every layer delays by one "
        "step, and the membrane after the last step is never asked",
    )


def main():
    record = Record("spyx", ("jax", "jaxlib", "flax"))
    cases(record)
    surrogates(record)
    defects(record)
    record.save(output())


if __name__ == "__main__":
    main()
