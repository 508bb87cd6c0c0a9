"""One case of a node of SpikingJelly: construct it, run it over the currents, record it.

Used by the files `spikingjelly_*_traces.py`.
"""

import copy
import inspect

import numpy as np
import torch
from drive import STEPS
from torch_case import array, differentiate, torch_case

# What `settings` leaves out: how a node is run, not what it computes.
RUN = ("self", "step_mode", "store_v_seq", "store_state_seqs")


class Watch(torch.nn.Module):
    """A surrogate that keeps what it is given."""

    spiking = True

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.seen = []

    def forward(self, x):
        self.seen.append(x.detach())
        return self.function(x)

    def excess(self, shape):
        return array(torch.stack(self.seen)).reshape(-1, *shape[1:])


def constructed(cls, **settings):
    """A node and all that it was made with, defaults too."""
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name not in RUN
    }
    settings = defaults | settings
    node = cls(**settings)
    if "surrogate_function" in settings:
        settings["surrogate_function"] = described(node.surrogate_function)
    return node, settings


def described(function) -> dict:
    return {"name": type(function).__name__, **numbers(function)}


def numbers(function) -> dict:
    return {key: value for key, value in vars(function).items() if key in function._sg_param_names}


def stepped(node, variables):
    """Step by step, as the node keeps its state."""

    def run(currents):
        node.reset()
        spikes, states = [], {name: [] for name in variables}
        for current in currents:
            spikes.append(node(current))
            for name in variables:
                states[name].append(getattr(node, name))
        return {
            "spikes": torch.stack(spikes),
            **{name: torch.stack(trace) for name, trace in states.items()},
        }

    return run


def at_once(node, variables):
    """Over the sequence; a node without variables."""

    def run(currents):
        assert not variables
        if hasattr(node, "reset"):
            node.reset()
        return {"spikes": node(currents)}

    return run


def by_prefix(node, variables):
    """GatedLIFNode gives the spikes of all steps and the membrane of the last: so every prefix."""

    def run(currents):
        assert variables == ("v",)
        membranes = []
        for steps in range(1, STEPS + 1):
            node.reset()
            node.T = steps
            spikes = node(currents[:steps])
            membranes.append(node.v)
        return {"spikes": spikes, "v": torch.stack(membranes)}

    return run


def case(
    record,
    name,
    model,
    node,
    settings,
    drive,
    variables,
    run=stepped,
    note="",
    borders=(),
    emitted=(0, 1),
):
    """A node's case.

    The same node with a watched surrogate, which the library runs without its fused operators,
    has to agree.
    """
    watched = copy.deepcopy(node)
    watch = watched.surrogate_function = Watch(node.surrogate_function)
    traces, gradients = differentiate(
        run(watched, variables), drive, dict(watched.named_parameters())
    )
    with torch.no_grad():
        watch.seen.clear()
        if run is by_prefix:
            at_once(watched, ())(torch.from_numpy(drive.currents()))
        else:
            run(watched, variables)(torch.from_numpy(drive.currents()))
    torch_case(
        record,
        name,
        run(node, variables),
        drive,
        dict(node.named_parameters()),
        model=model,
        source=f"neuron.{type(node).__name__}",
        settings=settings,
        excess=watch.excess(drive.shape),
        borders=(0.0, *borders),
        note=note,
        emitted=emitted,
    )
    for key, value in traces.items():
        np.testing.assert_array_equal(record.arrays[f"{name}/{key}"], value)
    for key, value in gradients.items():
        recorded = record.arrays[f"{name}/gradient_{key}"]
        np.testing.assert_allclose(recorded, value, rtol=1e-4, atol=1e-5 * abs(value).max())
