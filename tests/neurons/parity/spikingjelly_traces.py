"""Traces of SpikingJelly, run by `record.py`."""

import copy
import inspect
from itertools import product

import numpy as np
import torch
from drive import BATCH, FEATURES, STEPS, Drive, Record, output, parameter
from spikingjelly.activation_based import neuron, surrogate
from spikingjelly.activation_based.model.spike_dhs import DSpike
from torch_case import array, derivative, differentiate, torch_case

IMAGE = (STEPS, BATCH, FEATURES, 1, 2)  # what GatedLIFNode takes: [T, B, C, H, W]
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
        return array(torch.stack(self.seen)).reshape(shape)


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


def case(record, name, model, node, settings, drive, variables, run=stepped, note="", borders=()):
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
    )
    for key, value in traces.items():
        np.testing.assert_array_equal(record.arrays[f"{name}/{key}"], value)
    for key, value in gradients.items():
        recorded = record.arrays[f"{name}/gradient_{key}"]
        np.testing.assert_allclose(recorded, value, rtol=1e-4, atol=1e-5 * abs(value).max())


def integrate_and_fire(record):
    for name, v_reset in {"soft": None, "hard": 0.0}.items():
        node, settings = constructed(neuron.IFNode, v_reset=v_reset)
        case(record, f"if_{name}", "integrate_and_fire", node, settings, Drive(0.5, 0.3), ("v",))


def lif(record):
    for decay_input, v_reset, detach_reset in product((True, False), (0.0, None), (False, True)):
        node, settings = constructed(
            neuron.LIFNode, decay_input=decay_input, v_reset=v_reset, detach_reset=detach_reset
        )
        name = f"lif_{charge(decay_input)}_{reset(v_reset)}{'_detached' if detach_reset else ''}"
        case(record, name, "lif", node, settings, charged(decay_input), ("v",))
    for decay_input in (True, False):
        node, settings = constructed(
            neuron.LIFNode, tau=3.0, decay_input=decay_input, v_threshold=0.8, v_reset=-0.2
        )
        name = f"lif_{charge(decay_input)}_hard_below"
        drive = Drive(1.5, 1.0) if decay_input else Drive(0.5, 0.3)
        note = "the membrane starts at v_reset and decays to it"
        case(record, name, "lif", node, settings, drive, ("v",), note=note)


def charge(decay_input: bool) -> str:
    return "decayed" if decay_input else "plain"


def reset(v_reset: float | None) -> str:
    return "soft" if v_reset is None else "hard"


def charged(decay_input: bool) -> Drive:
    return Drive(1.3, 1.1, seed=1) if decay_input else Drive(0.6, 0.5)


def plif(record):
    for decay_input, (v_reset, init_tau) in product(
        (True, False), ((0.0, 2.0), (0.0, 1.5), (None, 1.5))
    ):
        node, settings = constructed(
            neuron.ParametricLIFNode, init_tau=init_tau, decay_input=decay_input, v_reset=v_reset
        )
        name = f"plif_{charge(decay_input)}_{reset(v_reset)}_{init_tau}"
        note = "1 / tau = sigmoid(w)"
        case(record, name, "plif", node, settings, charged(decay_input), ("v",), note=note)


def nonlinear(record):
    for name, v_reset in {"hard": -0.1, "soft": None}.items():
        node, settings = constructed(neuron.QIFNode, v_reset=v_reset)
        drive = Drive(0.8, 0.6)
        note = "the membrane starts at v_reset, at 0 if there is none"
        case(record, f"qif_{name}", "quadratic_lif", node, settings, drive, ("v",), note=note)
        node, settings = constructed(neuron.EIFNode, v_reset=v_reset)
        drive = Drive(0.8, 0.2)
        case(record, f"eif_{name}", "exponential_lif", node, settings, drive, ("v",), note=note)


def izhikevich(record):
    note = (
        "not Izhikevich 2003: dimensionless, the quadratic term is a0 (v - v_rest)(v - v_c) over "
        "tau; w follows a (h - v_rest) with time constant tau_w, h being the membrane before the "
        "reset and not the one before the step; w is subtracted from the current before tau, and "
        "a spike adds b to w (Izhikevich's d), with the surrogate's gradient; the default a = b = "
        "0 leaves w at 0"
    )
    for name, numbers_ in {
        "default": {},
        "adaptive": {"a": 0.3, "b": 0.2},
    }.items():
        node, settings = constructed(neuron.IzhikevichNode, **numbers_)
        drive = Drive(0.8, 0.8)
        case(
            record,
            f"izhikevich_{name}",
            "izhikevich",
            node,
            settings,
            drive,
            ("v", "w"),
            note=note,
        )


def klif(record):
    for decay_input, v_reset, scale_reset in product((True, False), (0.0, None), (False, True)):
        node, settings = constructed(
            neuron.KLIFNode, scale_reset=scale_reset, decay_input=decay_input, v_reset=v_reset
        )
        node.k.data.fill_(1.25)
        name = f"klif_{charge(decay_input)}_{reset(v_reset)}{'_scaled' if scale_reset else ''}"
        drive = Drive(1.0, 0.6) if decay_input else Drive(0.5, 0.3)
        note = "k is 1 at the start; it is 1.25 here, so that scale_reset shows"
        case(record, name, "klif", node, settings, drive, ("v",), note=note)
        # relu(k h) has a kink at 0
        excess = record.arrays[f"{name}/excess"]
        above = excess[excess > -settings["v_threshold"]] + settings["v_threshold"]
        assert above.min() > 1e-5


def clif(record):
    rectangle = (-0.5, 0.5)
    node, settings = constructed(neuron.ComplementaryLIFNode)
    case(
        record,
        "clif",
        "clif",
        node,
        settings,
        Drive(0.7, 0.6),
        ("v", "m"),
        borders=rectangle,
        note="the membrane decays to 0 and the reset is soft and not detached, by v_threshold + "
        "sigmoid(m) with the m of after the step",
    )
    smooth = surrogate.Sigmoid(alpha=4.0)
    node, settings = constructed(neuron.ComplementaryLIFNode, tau=3.0, surrogate_function=smooth)
    case(record, "clif_sigmoid", "clif", node, settings, Drive(0.7, 0.6), ("v", "m"))


def cuba_lif(record):
    for name, v_reset in {"hard": 0.0, "soft": None}.items():
        node, settings = constructed(neuron.CUBALIFNode, v_reset=v_reset)
        case(
            record,
            f"cuba_lif_{name}",
            "cuba_lif",
            node,
            settings,
            Drive(0.3, 0.1),
            ("v", "c"),
            borders=(-0.5, 0.5),
            note="Rect is the default surrogate",
        )


def glif(record):
    for name, inplane in {"layer": None, "channel": FEATURES}.items():
        node, settings = constructed(neuron.GatedLIFNode, T=STEPS, inplane=inplane)
        for key, value in node.named_parameters():
            shape = tuple(value.shape)
            if key in ("alpha", "beta", "gamma"):  # the library draws them without a seed
                value.data = torch.from_numpy(parameter(f"glif_{key}", shape, 1.0))
            else:  # its own start, moved apart so that channels and steps differ
                value.data += torch.from_numpy(parameter(f"glif_{key}", shape, 0.5))
        case(
            record,
            f"glif_{name}",
            "glif",
            node,
            settings,
            Drive(1.0, 0.5, shape=IMAGE),
            ("v",),
            by_prefix,
            note="parameters are raw, the sigmoid of them is used; conduct is one a step; the "
            "spike that resets is the one of the step before, 0 at the first; v is before it is "
            "reset",
        )


def resonate_and_fire(record):
    for name, v_reset in {"hard": 0.0, "soft": None}.items():
        node, settings = constructed(neuron.RAFNode, v_reset=v_reset)
        note = "only v is reset, u is not"
        drive = Drive(1.0, 0.6)
        case(
            record, f"raf_{name}", "resonate_and_fire", node, settings, drive, ("v", "u"), note=note
        )


def psn(record):
    def weighted(node, name, scale, offset):
        shape = tuple(node.weight.shape)
        node.weight.data = torch.from_numpy(parameter(f"{name}_weight", shape, scale, offset))
        shape = tuple(node.bias.shape)
        node.bias.data = torch.from_numpy(parameter(f"{name}_bias", shape, 0.3, -1.0))

    note = "spikes have excess = weight @ currents + bias at or above 0; no state"
    node, settings = constructed(neuron.PSN, T=STEPS)
    weighted(node, "psn", 0.4, 0.0)
    case(record, "psn", "psn", node, settings, Drive(1.0, 0.5), (), at_once, note)
    for lambda_ in (0.0, 0.4, 1.0):
        node, settings = constructed(neuron.MaskedPSN, k=2, T=STEPS, lambda_init=lambda_)
        node.step_mode = "m"
        weighted(node, "masked_psn", 0.6, 0.0)
        name = f"masked_psn_{lambda_}"
        note = (
            "as psn with weight (lambda mask + 1 - lambda); the mask keeps the diagonal and k - 1 "
            "below it"
        )
        case(record, name, "masked_psn", node, settings, Drive(2.0, 0.5), (), at_once, note)
    node, settings = constructed(neuron.SlidingPSN, k=3)
    node.step_mode = "m"
    weighted(node, "sliding_psn", 0.2, 0.5)
    note = "weight[-1] is for the current of the step itself, weight[0] for the oldest"
    case(record, "sliding_psn", "sliding_psn", node, settings, Drive(1.0, 0.6), (), at_once, note)
    single = copy.deepcopy(node)
    single.step_mode = "s"
    currents = torch.from_numpy(Drive(1.0, 0.6).currents())
    np.testing.assert_array_equal(
        array(torch.stack([single(current) for current in currents])),
        record.arrays["sliding_psn/spikes"],
    )


def leaky_integrator(record):
    node, settings = constructed(neuron.NonSpikingLIFNode, tau=2.5)
    torch_case(
        record,
        "leaky_integrator",
        lambda currents: {"v": torch.stack(node(currents))},
        Drive(1.0, 0.5),
        {},
        model="leaky_integrator",
        source="neuron.NonSpikingLIFNode",
        settings=settings,
    )


SURROGATES = {
    "sigmoid": surrogate.Sigmoid(),
    "atan": surrogate.ATan(),
    "piecewise_quadratic": surrogate.PiecewiseQuadratic(),
    "piecewise_exp": surrogate.PiecewiseExp(),
    "soft_sign": surrogate.SoftSign(),
    "super_spike": surrogate.SuperSpike(),
    "nonzero_sign_log_abs": surrogate.NonzeroSignLogAbs(),
    "erf": surrogate.Erf(),
    "piecewise_leaky_relu": surrogate.PiecewiseLeakyReLU(),
    "squarewave_fourier_series": surrogate.SquarewaveFourierSeries(),
    "squarewave_fourier_series_4": surrogate.SquarewaveFourierSeries(n=4, T_period=8.0),
    "s2nn": surrogate.S2NN(),
    "q_pseudo_spike": surrogate.QPseudoSpike(),
    "leaky_k_relu": surrogate.LeakyKReLU(),
    "fake_numerical_gradient": surrogate.FakeNumericalGradient(),
    "log_tailed_relu": surrogate.LogTailedReLU(),
    "rect": surrogate.Rect(),
    "deterministic_pass": surrogate.DeterministicPass(),
    "dspike": DSpike(),
    # away from the defaults, where a number's place in the formula shows
    "piecewise_exp_2": surrogate.PiecewiseExp(alpha=2.0),
    "super_spike_2": surrogate.SuperSpike(alpha=2.0),
    "nonzero_sign_log_abs_2": surrogate.NonzeroSignLogAbs(alpha=2.0),
    "s2nn_2_3": surrogate.S2NN(alpha=2.0, beta=3.0),
    "q_pseudo_spike_3": surrogate.QPseudoSpike(alpha=3.0),
    "leaky_k_relu_0.25_2": surrogate.LeakyKReLU(leak=0.25, k=2.0),
    "log_tailed_relu_0.25": surrogate.LogTailedReLU(alpha=0.25),
}
NOTES = {
    "squarewave_fourier_series": "the sum has n - 1 terms",
    "squarewave_fourier_series_4": "the sum has n - 1 terms",
    "super_spike": "alpha (|x| + 1)^-2: alpha is a factor, not a slope",
    "dspike": "in model.spike_dhs, not in surrogate",
}


def main():
    record = Record("spikingjelly", ("torch",))
    for group in (
        integrate_and_fire,
        lif,
        plif,
        nonlinear,
        izhikevich,
        klif,
        clif,
        cuba_lif,
        glif,
        resonate_and_fire,
        psn,
        leaky_integrator,
    ):
        group(record)
    for name, function in SURROGATES.items():
        record.surrogate(
            name,
            source=type(function).__name__,
            settings=numbers(function),
            derivative=derivative(function),
            note=NOTES.get(name, ""),
        )
    record.defect(
        "glif",
        "a second call goes on from v but not from the last spike and restarts conduct: a sequence "
        "in two calls gives other spikes than in one",
    )
    record.defect("surrogate PoissonPass", "its spikes are random: not recorded")
    record.save(output())


if __name__ == "__main__":
    main()
