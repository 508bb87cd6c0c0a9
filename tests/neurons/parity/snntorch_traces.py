"""Traces of snnTorch, run by `record.py`."""

import inspect

import numpy as np
import snntorch
import torch
from drive import FEATURES, FLAT, Drive, Record, distance, output, parameter, surrogate_grid
from snntorch import surrogate
from torch_case import array, derivative, torch_case

LEARNED = {"learn_beta": True, "learn_threshold": True}
# What `settings` leaves out: how a node is run, not what it computes.
RUN = ("self", "init_hidden", "output", "inhibition", "state_quant", "surrogate_disable")
LATE = "the reset is by the spike of the step before, detached"
LOST = "the step after a spike sets mem to 0 and so drops that step's input to it, detached"
SAME_STEP = "the reset is in the step of the spike and not detached"
TWICE = (
    f"{SAME_STEP}; where it leaves the membrane above the threshold, the next spike is judged with "
    "one more threshold taken off, detached, which is put back unless it spikes"
)


def constructed(cls, **settings):
    """A neuron, its settings with the defaults, and what its surrogate is given."""
    seen = []
    function = surrogate.atan(2.0)

    def watched(x):
        seen.append(x.detach())
        return function(x)

    node = cls(**settings, spike_grad=watched)
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if name not in RUN
    }
    return node, defaults | settings | {"spike_grad": {"name": "atan", "alpha": 2.0}}, seen


def stepped(node, variables):
    """Step by step from zeros; the neuron returns the spikes and its variables."""

    def run(currents):
        state = [torch.zeros_like(currents[0]) for _ in variables]
        rows = []
        for current in currents:
            spikes, *state = node(current, *state)
            rows.append((spikes, *state))
        traces = [torch.stack(trace) for trace in zip(*rows, strict=True)]
        return dict(zip(("spikes", *variables), traces, strict=True))

    return run


def recurrent(node, variables):
    """As `stepped`, of a neuron that takes its own spikes back."""

    def run(currents):
        assert variables == ("mem",)
        spikes = membrane = torch.zeros_like(currents[0])
        rows = []
        for current in currents:
            spikes, membrane = node(current, spikes, membrane)
            rows.append((spikes, membrane))
        spikes, membranes = zip(*rows, strict=True)
        return {"spikes": torch.stack(spikes), "mem": torch.stack(membranes)}

    return run


def case(record, name, model, made, drive, variables, run=stepped, note="", extra=None):
    node, settings, seen = made
    parameters = {key.replace(".", "_"): value for key, value in node.named_parameters()}
    parameters |= extra or {}
    shape = drive.shape
    with torch.no_grad():
        run(node, variables)(torch.from_numpy(drive.currents()))
    # the surrogate is asked twice a step: for the reset, of the membrane carried, and for the spike
    excess = array(torch.stack(seen)).reshape(shape[0], 2, *shape[1:])
    assert distance(excess[:, 0], (0.0,)) > FLAT
    if not settings.get("reset_delay", True):
        assert (excess[:, 0] > 0).any() == note.endswith(TWICE)
    torch_case(
        record,
        name,
        run(node, variables),
        drive,
        parameters,
        model=model,
        source=type(node).__name__,
        settings=settings,
        excess=excess[:, 1],
        note=note,
    )


def leaky(record):
    for name, drive, note, options in (
        ("subtract", Drive(0.5, 0.25), LATE, {}),
        ("subtract_same_step", Drive(0.4, 0.15), SAME_STEP, {"reset_delay": False}),
        ("subtract_same_step_twice", Drive(0.7, 0.3), TWICE, {"reset_delay": False}),
        ("zero", Drive(0.5, 0.25), f"{LATE}, before the decay: the input is kept", {}),
        ("zero_same_step", Drive(0.5, 0.25), SAME_STEP, {"reset_delay": False}),
        ("none", Drive(0.4, 0.02), "", {}),
    ):
        options = options | LEARNED | {"reset_mechanism": name.split("_")[0]}
        made = constructed(snntorch.Leaky, beta=0.85, threshold=0.8, **options)
        case(record, f"leaky_{name}", "lif", made, drive, ("mem",), note=note)


def lapicque(record):
    for reset in ("subtract", "zero", "none"):
        made = constructed(
            snntorch.Lapicque, beta=0.85, threshold=0.8, reset_mechanism=reset, **LEARNED
        )
        drive = Drive(2.0, 0.1) if reset == "none" else Drive(2.5, 1.5)
        note = (
            "beta only sets C: the membrane decays by 1 - time_step / (R C) = 1 + log(beta), "
            "which is not beta, and the current is multiplied by time_step / C"
        )
        if reset == "zero":
            note += f"; {LOST}"
        case(record, f"lapicque_{reset}", "lif", made, drive, ("mem",), note=note)
    made = constructed(snntorch.Lapicque, R=2.0, C=3.0, threshold=0.8, learn_threshold=True)
    note = "decay 1 - time_step / (R C), gain time_step / C"
    case(record, "lapicque_rc", "lif", made, Drive(2.5, 1.5), ("mem",), note=note)


def synaptic(record):
    for name, drive, note, options in (
        ("subtract", Drive(0.4, 0.15), LATE, {}),
        ("subtract_same_step", Drive(0.3, 0.0), SAME_STEP, {"reset_delay": False}),
        ("subtract_same_step_twice", Drive(0.4, 0.15), TWICE, {"reset_delay": False}),
        ("zero", Drive(0.4, 0.15), f"{LOST}; syn keeps it", {}),
        ("none", Drive(0.3, 0.02), "", {}),
    ):
        options = options | LEARNED | {"reset_mechanism": name.split("_")[0]}
        made = constructed(
            snntorch.Synaptic, alpha=0.7, beta=0.8, threshold=0.9, learn_alpha=True, **options
        )
        case(record, f"synaptic_{name}", "cuba_lif", made, drive, ("syn", "mem"), note=note)


def alpha(record):
    # learn_alpha=True raises: alpha is a buffer here, that is differentiated all the same
    for reset in ("zero", "none", "subtract"):
        made = constructed(
            snntorch.Alpha,
            alpha=0.85,
            beta=0.75,
            threshold=0.7,
            reset_mechanism=reset,
            **LEARNED,
        )
        node = made[0]
        node.alpha.requires_grad_()
        note = {
            "zero": "the step after a spike sets syn_exc, syn_inh and mem to 0, that step's input "
            "included; detached factor",
            "none": "",
            "subtract": "not a reset of the model: the step after a spike takes the threshold from "
            "syn_exc, sets syn_inh to 0 and adds the old syn_inh to mem, which the next step "
            "computes anew from the two currents",
        }[reset]
        drive = {"zero": Drive(0.8, 0.8), "none": Drive(0.5, 0.15), "subtract": Drive(0.5, 0.3)}
        variables = ("syn_exc", "syn_inh", "mem")
        extra = {"alpha": node.alpha}
        case(
            record, f"alpha_{reset}", "alpha", made, drive[reset], variables, note=note, extra=extra
        )
    try:
        snntorch.Alpha(alpha=0.85, beta=0.75, learn_alpha=True)
    except TypeError as error:
        record.defect("alpha with learn_alpha=True", f"TypeError: {error}")


def rleaky(record):
    linear = (
        "recurrent is a torch linear layer, spikes @ weight.T + bias, of the spikes of the step "
        "before, not detached"
    )
    for name, drive, note, options in (
        ("subtract", Drive(0.5, 0.1), LATE, {}),
        ("subtract_same_step", Drive(0.3, 0.0), SAME_STEP, {"reset_delay": False}),
        ("subtract_same_step_twice", Drive(0.5, 0.1), TWICE, {"reset_delay": False}),
        ("zero", Drive(0.5, 0.1), LOST, {}),
    ):
        options = options | LEARNED | {"reset_mechanism": name.split("_")[0]}
        made = constructed(
            snntorch.RLeaky, beta=0.85, threshold=0.8, linear_features=FEATURES, **options
        )
        layer = made[0].recurrent
        shape = (FEATURES, FEATURES)
        layer.weight.data = torch.from_numpy(parameter("recurrent_weight", shape, 0.5))
        layer.bias.data = torch.from_numpy(parameter("recurrent_bias", (FEATURES,), 0.2))
        note = f"{linear}; {note}"
        case(record, f"rleaky_{name}", "lif", made, drive, ("mem",), recurrent, note)
    made = constructed(
        snntorch.RLeaky, beta=0.85, V=0.4, threshold=0.8, all_to_all=False, **LEARNED
    )
    note = f"the step before's spikes * V, not detached; {LATE}"
    case(record, "rleaky_one_to_one", "lif", made, Drive(0.5, 0.1), ("mem",), recurrent, note=note)


def defects(record):
    """What runs, and is recorded, but is not what the neuron's documentation says."""
    record.defect("lapicque_subtract, lapicque_zero, lapicque_none", "the decay is not beta")
    text = "reset_mechanism='zero' drops the input of the step after a spike; Leaky keeps it"
    record.defect("lapicque_zero, synaptic_zero, rleaky_zero, alpha_zero", text)
    record.defect("alpha_subtract", "not a reset of the model's membrane: it depends on syn_inh")
    text = "reset_delay=False judges a spike below the membrane that it reports"
    record.defect("leaky, synaptic and rleaky_subtract_same_step_twice", text)


def surrogates(record):
    curves = {
        "atan": (surrogate.atan, {"alpha": 2.0}, ""),
        "atan_3": (surrogate.atan, {"alpha": 3.0}, ""),
        "fast_sigmoid": (surrogate.fast_sigmoid, {"slope": 25}, ""),
        "fast_sigmoid_5": (surrogate.fast_sigmoid, {"slope": 5}, ""),
        "sigmoid": (
            surrogate.sigmoid,
            {"slope": 25},
            "only where it is finite; right of 0, or near it",
        ),
        "sigmoid_2": (surrogate.sigmoid, {"slope": 2}, ""),
        "triangular": (
            surrogate.triangular,
            {"threshold": 1},
            "no triangle: threshold left of 0 and -threshold from 0 on, the wrong sign",
        ),
        "triangular_2": (surrogate.triangular, {"threshold": 2}, "as triangular"),
        "straight_through_estimator": (surrogate.straight_through_estimator, {}, ""),
        "heaviside": (surrogate.heaviside, {}, "the derivative is the spike"),
        "spike_rate_escape": (
            surrogate.spike_rate_escape,
            {"beta": 1, "slope": 25},
            "slope exp(-beta |x - 1|): x is the membrane less the threshold already, so the peak "
            "is at 1 above the threshold",
        ),
        "spike_rate_escape_2_3": (surrogate.spike_rate_escape, {"beta": 2, "slope": 3}, ""),
        "sfs": (
            surrogate.SFS,
            {"slope": 25, "B": 1},
            "0 up to B, one-sided: x > B and not |x| < B",
        ),
        "sfs_3_0.5": (surrogate.SFS, {"slope": 3, "B": 0.5}, "as sfs"),
    }
    for name, (function, settings, note) in curves.items():
        curve = derivative(function(**settings))
        record.surrogate(
            name, source=function.__name__, settings=settings, derivative=curve, note=note
        )
        x = surrogate_grid()[~np.isfinite(curve)]
        if x.size:
            record.defect(f"surrogate {name}", f"the derivative is not finite at {x.tolist()}")
    record.defect(
        "surrogate triangular",
        "the derivative is negative from 0 on: it should be a triangle or, at least, positive",
    )
    try:
        derivative(surrogate.LSO())
    except Exception as error:
        record.defect("surrogate LSO", f"{type(error).__name__}: {error}")
    record.defect("surrogate SSO", "its derivative is random: not recorded")


def main():
    record = Record("snntorch", ("torch",))
    for group in (leaky, lapicque, synaptic, alpha, rleaky, surrogates, defects):
        group(record)
    record.save(output())


if __name__ == "__main__":
    main()
