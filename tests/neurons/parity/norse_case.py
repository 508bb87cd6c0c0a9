"""One case of a model of Norse: its parameters as leaves, its steps over the currents, the record.

Used by `norse_traces.py`.
"""

import sys
from unittest import mock

import torch
from drive import BATCH, FEATURES, Drive
from norse.torch.functional import lif, lif_refrac
from norse.torch.functional.threshold import threshold
from torch_case import array, torch_case

DT = 0.001
SHAPE = (BATCH, FEATURES)


def learned(cls, **values):
    """The parameters with every number a leaf, and these leaves by name."""
    leaves = {}
    for name, default in zip(cls._fields, cls(**values), strict=True):
        if isinstance(default, float | int | torch.Tensor) and name != "alpha":
            leaves[name] = torch.tensor(float(default), requires_grad=True)
    return cls(**values | leaves), leaves


def stepped(step, parameters, initial, variables=lambda state: state._asdict(), weights=()):
    """Step by step from the numbers of `initial`."""

    def run(currents):
        state = initial(lambda value: torch.full(SHAPE, float(value)))
        spikes, states = [], []
        for current in currents:
            spike, state = step(current, state, *weights, parameters, DT)
            spikes.append(spike)
            states.append({key: value for key, value in variables(state).items() if key != "z"})
        traces = {"spikes": torch.stack(spikes)}
        traces |= {key: torch.stack([state[key] for state in states]) for key in states[0]}
        return traces

    return run


def spiking(record, name, model, step, made, initial, drive, note="", weights=None, **options):
    """A spiking model's case; `weights` come before the parameters in the step."""
    parameters, leaves = made
    weights = weights or {}
    run = stepped(step, parameters, initial, weights=weights.values(), **options)
    # the refractory step asks for the membrane's spikes in `lif` and for rho's in its own module
    module = (
        lif if step is lif_refrac.lif_refrac_feed_forward_step else sys.modules[step.__module__]
    )
    seen = []

    def watched(x, method, alpha):
        seen.append(x.detach())
        return threshold(x, method, alpha)

    with mock.patch.object(module, "threshold", watched), torch.no_grad():
        run(torch.from_numpy(drive.currents()))
    torch_case(
        record,
        name,
        run,
        drive,
        leaves | weights,
        model=model,
        source=f"functional.{step.__module__.split('.')[-1]}.{step.__name__}",
        settings=settings(parameters, initial),
        excess=array(torch.stack(seen)),
        note=note,
    )


def settings(parameters, initial):
    """Numbers and options, nested as in the library, dt and the state before the first step."""
    return {**plain(parameters), "dt": DT, "initial": plain(initial(float))}


def plain(value):
    if hasattr(value, "_asdict"):
        return {key: plain(item) for key, item in value._asdict().items()}
    if isinstance(value, torch.Tensor):
        return value.item()
    return value.__name__ if callable(value) else value


def silent(record, name, step, parameters_class, initial):
    """A leaky integrator's case: it has its membrane for an output."""
    parameters, leaves = learned(parameters_class)
    run = stepped(step, parameters, initial)

    def variables(currents):
        traces = run(currents)
        assert torch.equal(traces.pop("spikes"), traces["v"])
        return traces

    torch_case(
        record,
        name,
        variables,
        Drive(1.0, 0.5),
        leaves,
        model="leaky_integrator",
        source=f"functional.{step.__module__.split('.')[-1]}.{step.__name__}",
        settings=settings(parameters, initial),
    )
