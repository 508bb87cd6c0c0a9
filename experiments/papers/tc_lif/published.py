"""What the paper prints, and what others measured with its neuron; numbers alone."""

from typing import NamedTuple


class Norms(NamedTuple):
    """A row of Table 7: the couplings of the last hidden layer, their Eq. 15, and test accuracy in per cent."""

    before: tuple[float, float]
    norm_before: float
    after: tuple[float, float]
    norm_after: float
    accuracy: float


TABLE_7 = (
    Norms((-0.2, 0.2), 1.352, (-0.184, 0.146), 1.262, 98.40),
    Norms((-0.2, 0.4), 1.688, (-0.188, 0.307), 1.539, 99.07),
    Norms((-0.2, 0.6), 2.008, (-0.203, 0.563), 1.948, 99.15),
    Norms((-0.2, 0.8), 2.312, (-0.202, 0.835), 2.360, 89.36),
    Norms((-0.4, 0.2), 1.304, (-0.379, 0.159), 1.248, 99.01),
    Norms((-0.4, 0.4), 1.576, (-0.370, 0.318), 1.480, 99.15),
    Norms((-0.4, 0.6), 1.816, (-0.383, 0.532), 1.751, 99.06),
    Norms((-0.4, 0.8), 2.024, (-0.380, 0.700), 1.949, 99.04),
    Norms((-0.6, 0.2), 1.256, (-0.621, 0.172), 1.219, 99.08),
    Norms((-0.6, 0.4), 1.464, (-0.621, 0.342), 1.399, 99.01),
    Norms((-0.6, 0.6), 1.624, (-0.634, 0.594), 1.587, 98.96),
    Norms((-0.6, 0.8), 1.736, (-0.612, 0.761), 1.704, 98.82),
    Norms((-0.8, 0.2), 1.208, (-0.812, 0.187), 1.194, 98.97),
    Norms((-0.8, 0.4), 1.352, (-0.815, 0.360), 1.321, 99.20),
    Norms((-0.8, 0.6), 1.432, (-0.812, 0.580), 1.416, 98.64),
    Norms((-0.8, 0.8), 1.448, (-0.821, 0.801), 1.418, 98.99),
)


class Cell(NamedTuple):
    """A network of Table 1.

    Attributes:
      data: recipe whose data, encoder and training it has.
      neuron: its name; "tc_lif_paper" is TC-LIF with the paper's order, "lstm" and "relu_srnn" are networks.
      hidden: units of its hidden layers, from Table 6 and from the parameters.
      recurrent: which of them are.
      thousands: printed parameters, in thousands.
      accuracy: printed test accuracy in per cent; None where the paper has no such row.
    """

    data: str
    neuron: str
    hidden: tuple[int, ...]
    recurrent: tuple[int, ...]
    thousands: float | None
    accuracy: float | None


SMALL, LARGE, WIDE = (40, 256, 128), (64, 256, 256), (40, 200, 64)
BOTH, ALL = (0, 1), (0, 1, 2)
TABLE_1 = (
    Cell("smnist", "glif", SMALL, (), 47.1, 94.80),
    Cell("smnist", "glif", LARGE, (), 87.5, 95.27),
    Cell("smnist", "plif", SMALL, (), 44.8, 83.71),
    Cell("smnist", "plif", LARGE, (), 85.1, 87.92),
    Cell("smnist", "lif", SMALL, (), 44.8, 62.42),
    Cell("smnist", "lif", LARGE, (), 85.1, 72.06),
    Cell("smnist", "ltmd", LARGE, (), 85.1, 68.56),
    Cell("smnist", "tc_lif", SMALL, (), 44.8, 96.46),
    Cell("smnist", "tc_lif", LARGE, (), 85.1, 97.35),
    Cell("smnist", "lstm", (128,), (), 66.5, 98.20),
    Cell("smnist", "relu_srnn", SMALL, ALL, 129.6, 98.99),
    Cell("smnist", "glif", SMALL, BOTH, 114.6, 95.63),
    Cell("smnist", "glif", LARGE, BOTH, 157.5, 96.64),
    Cell("smnist", "alif", SMALL, ALL, 129.6, 97.82),
    Cell("smnist", "alif", LARGE, BOTH, 156.3, 98.70),
    Cell("smnist", "plif", SMALL, BOTH, 112.2, 90.93),
    Cell("smnist", "plif", LARGE, BOTH, 155.1, 91.79),
    Cell("smnist", "lif", SMALL, BOTH, 112.2, 74.91),
    Cell("smnist", "lif", LARGE, BOTH, 155.1, 89.28),
    Cell("smnist", "lif", WIDE, BOTH, None, None),
    Cell("smnist", "lsnn", WIDE, BOTH, None, None),
    Cell("smnist", "ahp", WIDE, BOTH, None, None),
    Cell("smnist", "ltmd", LARGE, BOTH, 155.1, 84.62),
    Cell("smnist", "tc_lif", WIDE, BOTH, 63.6, 98.79),
    Cell("smnist", "tc_lif_paper", WIDE, BOTH, None, None),
    Cell("smnist", "tc_lif", LARGE, BOTH, 155.1, 99.20),
    Cell("psmnist", "lif", SMALL, (), 44.8, 11.30),
    Cell("psmnist", "lif", LARGE, (), 85.1, 10.00),
    Cell("psmnist", "tc_lif", SMALL, (), 44.8, 80.89),
    Cell("psmnist", "tc_lif", LARGE, (), 85.1, 83.98),
    Cell("psmnist", "lstm", (128,), (), 66.5, 88.00),
    Cell("psmnist", "relu_srnn", SMALL, ALL, 129.6, 93.47),
    Cell("psmnist", "glif", SMALL, BOTH, 114.6, 90.34),
    Cell("psmnist", "glif", LARGE, BOTH, 157.5, 90.47),
    Cell("psmnist", "alif", SMALL, ALL, 129.6, 91.00),
    Cell("psmnist", "alif", LARGE, BOTH, 156.3, 94.30),
    Cell("psmnist", "lif", SMALL, BOTH, 112.2, 71.77),
    Cell("psmnist", "lif", LARGE, BOTH, 155.1, 80.39),
    Cell("psmnist", "ltmd", LARGE, BOTH, 155.1, 54.93),
    Cell("psmnist", "tc_lif", WIDE, BOTH, 63.6, 92.69),
    Cell("psmnist", "tc_lif", LARGE, BOTH, 155.1, 95.36),
    Cell("speech_commands", "tc_lif", (300, 300), (), 106.2, 91.35),
    Cell("speech_commands", "tc_lif", (300, 300), (0,), 196.5, 94.84),
    Cell("shd", "tc_lif", (128, 128), (), 108.8, 83.08),
    Cell("shd", "tc_lif", (128, 128), BOTH, 141.8, 88.91),
    Cell("shd", "alif", (128, 128), BOTH, 142.4, 84.40),
    Cell("ssc", "tc_lif", (128, 128), (), 110.8, 63.46),
    Cell("ssc", "tc_lif", (128,), (0,), 110.8, 61.09),
)

# Comparisons of neurons in one network, with the same settings for all; test accuracy in per cent, (feed-forward,
# recurrent), None where not known here. SHD and SSC: NEAT (ZhangShimin1/NEAT), by an author of TC-LIF, two hidden
# layers of 128; PS-MNIST: neuroseqbench (liyc5929/neuroseqbench).
NEUTRAL: dict[str, dict[str, tuple[float | None, float | None]]] = {
    "SHD": {
        "LIF": (75.39, 86.34),
        "PLIF": (77.72, 82.45),
        "GLIF": (78.24, 83.87),
        "CLIF": (77.75, 79.92),
        "CE-LIF": (87.41, 88.66),
        "adLIF": (90.91, 90.97),
        "LTC": (89.60, 89.70),
        "PMSN": (88.48, 87.80),
        "TC-LIF": (82.25, 83.52),
    },
    "SSC": {
        "LIF": (54.94, 66.12),
        "PLIF": (57.66, 66.87),
        "GLIF": (63.37, 68.86),
        "CLIF": (56.84, 69.13),
        "CE-LIF": (62.48, 64.81),
        "adLIF": (67.86, 70.66),
        "LTC": (70.09, 71.74),
        "PMSN": (67.18, 66.81),
        "TC-LIF": (60.61, 63.76),
    },
    "PS-MNIST": {
        "LIF": (57.45, 72.97),
        "ALIF": (73.90, 85.78),
        "GLIF": (95.42, None),
        "CLIF": (43.90, 70.44),
        "CE-LIF": (97.76, 97.66),
        "adLIF": (85.93, 89.53),
        "DH-LIF": (79.12, 91.07),
        "LM-H": (77.70, 83.14),
        "PMSN": (96.28, None),
        "TC-LIF": (86.81, 92.08),
    },
}
