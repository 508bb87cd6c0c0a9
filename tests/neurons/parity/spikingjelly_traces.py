"""Traces of SpikingJelly, run by `record.py`: all its neurons, and its surrogates, which are here."""

from drive import Record, output
from spikingjelly.activation_based import surrogate
from spikingjelly.activation_based.model.spike_dhs import DSpike
from spikingjelly_case import numbers
from spikingjelly_leaky_traces import (
    cuba_lif,
    integrate_and_fire,
    klif,
    leaky_integrator,
    lif,
    plif,
)
from spikingjelly_multilevel_traces import i_lif, ternary_lif
from spikingjelly_nonlinear_traces import clif, glif, izhikevich, nonlinear, resonate_and_fire
from spikingjelly_parallel_traces import psn
from torch_case import derivative

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
        i_lif,
        ternary_lif,
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
