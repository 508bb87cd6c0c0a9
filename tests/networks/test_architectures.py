"""Convolutional networks and transformers: parameter counts of publications, and what holds for every network."""

import math
import re

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fast_compilation import fast_jit
from spikejax import Time, run
from spikejax.layers import TDBN, BatchNorm, Dropout
from spikejax.networks import NETWORKS
from spikejax.neurons.ar_lif import ARLIF
from spikejax.neurons.clif import CLIF
from spikejax.neurons.lif import LIF
from spikejax.neurons.psn import PSN
from spikejax.neurons.tc_lif import TCLIF

KEY, STEPS = jax.random.key(0), 3
PRODUCTS = ("conv_general_dilated", "dot_general")
IMAGENET = {"imagenet": True}

# Name, attributes, shape of an image, classes, parameters without those of neurons, layers of neurons.
COUNTS = {
    # AR-LIF, Table 3: 11.2 M twice, 10.9 M, 9.3 M and 9.5 M, with the released code's networks.
    "ResNet-18, CIFAR-10": ("resnet_18", {}, (32, 32, 3), 10, 11_176_906, 17),
    "ResNet-18, CIFAR-100": ("resnet_18", {}, (32, 32, 3), 100, 11_223_076, 17),
    "VGG-SNN, Tiny-ImageNet": ("vgg_snn", {}, (64, 64, 3), 200, 10_864_584, 8),
    "VGG-SNN, CIFAR10-DVS": ("vgg_snn", {}, (48, 48, 2), 10, 9_271_498, 8),
    "VGG-11, DVS Gesture": ("vgg_11", {}, (128, 128, 2), 11, 9_501_387, 8),
    "VGG-13, Tiny-ImageNet": ("vgg_13", {}, (64, 64, 3), 200, 14_428_680, 10),
    # SEW-ResNet-18: 11.69 M on ImageNet, which is that of ResNet-18 (He et al., 2016): 11,689,512.
    "SEW-ResNet-18, ImageNet": ("sew_resnet_18", IMAGENET, (224, 224, 3), 1000, 11_689_512, 20),
    # Its stem for small images has a window of 3x3 and not 7x7: 40 · 64 · 3 fewer.
    "SEW-ResNet-18, 32x32": (
        "sew_resnet_18",
        {},
        (32, 32, 3),
        1000,
        11_689_512 - 40 * 64 * 3,
        20,
    ),
    # MS-ResNet-18: 11.22 M on CIFAR-100 in Fang et al. (2025), Spiking neural networks need high-frequency information,
    # Table 5; on ImageNet it is ResNet-18 with one more shortcut of 64 · 64 weights and a normalisation.
    "MS-ResNet-18, CIFAR-100": ("ms_resnet_18", {}, (32, 32, 3), 100, 11_220_132, 17),
    "MS-ResNet-18, ImageNet": (
        "ms_resnet_18",
        IMAGENET,
        (224, 224, 3),
        1000,
        11_689_512 + 64 * 64 + 2 * 64,
        17,
    ),
    # Spikformer, Table 3: 4.15 M, 5.76 M and 9.32 M, which are cut after two digits and not rounded.
    "Spikformer-4-256, CIFAR-10": ("spikformer", {}, (32, 32, 3), 10, 4_155_178, 33),
    "Spikformer-2-384, CIFAR-10": (
        "spikformer",
        {"width": 48, "depth": 2, "heads": 12},
        (32, 32, 3),
        10,
        5_765_050,
        19,
    ),
    "Spikformer-4-384, CIFAR-10": (
        "spikformer",
        {"width": 48, "heads": 12},
        (32, 32, 3),
        10,
        9_324_730,
        33,
    ),
}

# A narrow version of each network, with a neuron of another kind in each, and the shape of its images.
NARROW = {
    "resnet_18": ({"width": 4, "dropout": 0.2}, ARLIF(), (16, 16, 3)),
    "sew_resnet_18": ({"width": 4}, LIF(), (16, 16, 3)),
    "ms_resnet_18": ({"width": 4}, CLIF(), (16, 16, 3)),
    "vgg_snn": ({"width": 4, "dropout": 0.2}, PSN(steps=STEPS), (16, 16, 2)),
    "vgg_11": ({"width": 4, "dropout": 0.2}, TCLIF(), (32, 32, 2)),
    "vgg_13": ({"width": 4}, LIF(reset="zero"), (32, 32, 3)),
    "spikformer": ({"width": 4, "depth": 1, "heads": 2}, LIF(), (8, 8, 3)),
}
NEURONS = {"lif": LIF(), "ar_lif": ARLIF(), "tc_lif": TCLIF(), "clif": CLIF(), "psn": PSN(steps=3)}


def narrow(name, **changes):
    attributes, neuron, shape = NARROW[name]
    network = NETWORKS[name](**{"classes": 3, "neuron": neuron, **attributes, **changes})
    return network, jax.random.normal(jax.random.key(1), (STEPS, 2, *shape))


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts_of_publications(name):
    of, attributes, shape, classes, expected, layers = COUNTS[name]

    def count(neuron):
        network = NETWORKS[of](classes=classes, neuron=neuron, **attributes)
        made = jax.eval_shape(network.init, KEY, jnp.zeros((1, 1, *shape)))
        return sum(x.size for x in jax.tree.leaves(made["params"]))

    assert count(LIF()) == expected
    assert count(ARLIF()) == expected + 2 * layers  # a and c of each layer


@pytest.mark.parametrize("kind", NEURONS)
@pytest.mark.parametrize("name", NARROW)
def test_every_network_takes_every_neuron(name, kind):
    """Traced forwards and backwards; what runs is `test_every_parameter_is_learned`."""
    network, x = narrow(name, neuron=NEURONS[kind])
    variables = jax.eval_shape(network.init, KEY, x)

    def loss(params, rest):
        rngs = {"dropout": KEY}
        outputs, _ = network.apply(
            {**rest, "params": params}, x, train=True, mutable=["batch_stats"], rngs=rngs
        )
        return outputs.sum(), outputs

    rest = {name: values for name, values in variables.items() if name != "params"}
    slopes, outputs = jax.eval_shape(jax.grad(loss, has_aux=True), variables["params"], rest)
    assert outputs.shape == (STEPS, 2, 3)
    assert jax.tree.structure(slopes) == jax.tree.structure(variables["params"])


@pytest.mark.parametrize("name", NARROW)
def test_every_parameter_is_learned(name):
    """Gradients are finite, and none is zero but those of biases that a normalisation takes away again."""
    network, x = narrow(name)
    weights = jax.random.normal(jax.random.key(2), (STEPS, 2, 3))

    @fast_jit
    def gradient(key):
        variables = network.init(key, x)

        def loss(params):
            rngs = {"dropout": key}
            changing = {**variables, "params": params}
            outputs, _ = network.apply(changing, x, train=True, mutable=["batch_stats"], rngs=rngs)
            return (weights * outputs).sum()

        return jax.grad(loss)(variables["params"])

    slopes = gradient(KEY)
    readout = sorted(layer for layer in slopes if layer.startswith("Dense"))[-1]
    for (layer, parameter), slope in flat(slopes):
        assert np.all(np.isfinite(slope)), (layer, parameter)
        taken = (
            parameter.key == "bias" and re.match("Conv|Dense", layer.key) and layer.key != readout
        )
        if not taken:
            assert np.any(slope != 0), (layer, parameter)


def flat(tree):
    return [(path, np.asarray(leaf)) for path, leaf in jax.tree_util.tree_leaves_with_path(tree)]


@pytest.mark.parametrize("name", [name for name in NARROW if name not in ("vgg_11", "vgg_13")])
def test_chunks_and_pieces_give_the_whole(name, float64):
    """In evaluation, whose statistics are the running ones: here those of a batch."""
    network, x = narrow(name, neuron=TCLIF(), norm=BatchNorm(momentum=0.0))

    @fast_jit
    def outputs(x):
        variables = network.init(KEY, x)
        options = {"train": True, "rngs": {"dropout": KEY}}
        _, seen = network.apply(variables, x, **options, mutable=["batch_stats"])
        variables = {**variables, **seen}
        whole, _ = run(network, variables, x)
        first, carry = run(network, variables, x[:1])
        rest, _ = run(network, variables, x[1:], carry, time=Time(chunk=1))
        return whole, jnp.concatenate([first, rest])

    whole, pieces = outputs(x.astype(np.float64))
    assert whole.shape == (STEPS, 2, 3) and np.all(whole.std(0) > 0)
    np.testing.assert_allclose(pieces, whole, rtol=1e-10, atol=1e-12)


# The layers of dropout of a network, and how many layers of neurons come before the first one.
DROPOUT = {"resnet_18": (9, "sequence", 2), "vgg_snn": (1, "step", 8), "vgg_11": (8, "sequence", 1)}


@pytest.mark.parametrize("name", DROPOUT)
def test_where_values_are_dropped(name):
    network, x = narrow(name, neuron=LIF(), dropout=0.5)
    count, per, before = DROPOUT[name]
    seen = []

    def see(call, args, kwargs, context):
        seen.extend([context.module.per] if isinstance(context.module, Dropout) else [])
        return call(*args, **kwargs)

    with nn.intercept_methods(see):
        jax.eval_shape(network.init, KEY, x)
    assert seen == [per] * count

    @fast_jit
    def applied(key):
        options = {"train": True, "mutable": ["batch_stats", "activity"], "rngs": {"dropout": key}}
        outputs, found = network.apply(network.init(KEY, x), x, **options)
        return outputs, found["activity"]

    (outputs, one), (others, other) = map(applied, jax.random.split(KEY))
    for layer in one:
        same = np.array_equal(one[layer]["spikes"], other[layer]["spikes"])
        assert same == (int(layer.removeprefix("Spiking_")) < before), layer
    assert np.all(outputs != others)


def test_read_outs_of_vgg_start_as_in_the_released_code():
    """VGG-SNN's as PyTorch's do by default, U(±1/√fan_in); those of VGG-11 and VGG-13 from N(0, 0.01²)."""
    for name in ("vgg_snn", "vgg_11", "vgg_13"):
        network, x = narrow(name, neuron=LIF(), classes=40)
        kernel = fast_jit(network.init)(KEY, x)["params"]["Dense_0"]["kernel"]
        bound = 1 / math.sqrt(len(kernel))
        if name == "vgg_snn":
            assert 0.95 * bound < abs(kernel).max() <= bound
            assert kernel.std() == pytest.approx(bound / math.sqrt(3), rel=0.05)
        else:
            assert kernel.std() == pytest.approx(0.01, rel=0.05) and abs(kernel).max() > 0.03


def test_norms_of_summed_branches_share_the_variance():
    """tdBN in a membrane-shortcut block: α/√2 in its last norm and in that of its shortcut."""
    network, x = narrow("ms_resnet_18", norm=TDBN(threshold=0.5))
    found = {}

    def see(call, args, kwargs, context):
        if isinstance(context.module, TDBN) and context.method_name == "__call__":
            found[context.module.name] = context.module.alpha
        return call(*args, **kwargs)

    with nn.intercept_methods(see):
        jax.eval_shape(network.init, KEY, x)
    half = 1 / math.sqrt(2)
    kept, halved = [1.0, half], [1.0, half, half]
    assert list(found.values()) == [1.0, *kept, *kept, *3 * (halved + kept)]


@pytest.mark.parametrize("name", NARROW)
def test_products_in_half_precision_leave_the_rest_as_it_is(name):
    network, x = narrow(name, dtype=jnp.bfloat16, neuron=LIF())

    def applied(key):
        variables = network.init(key, x)
        return variables, network.apply(variables, x, mutable=["state", "activity"])

    variables, (outputs, found) = jax.eval_shape(applied, KEY)
    assert outputs.dtype == jnp.float32
    for leaf in jax.tree.leaves((variables["params"], found["state"], found["activity"])):
        assert leaf.dtype == jnp.float32
    text = str(jax.make_jaxpr(lambda key: applied(key)[1])(KEY))
    made = {kind: set(re.findall(rf"(\w+)\[\S*\] = {kind}\[", text)) for kind in PRODUCTS}
    assert made["conv_general_dilated"] == {"bf16"}
    # Pooling to a grid and attention are products as well, of values that need no weights.
    others = {"f32"} if name in ("vgg_11", "vgg_13", "spikformer") else set()
    assert made["dot_general"] == {"bf16"} | others


@pytest.mark.parametrize("name", NARROW)
def test_images_that_do_not_fit(name):
    network, x = narrow(name)
    ways = {"give them all five axes": x[..., 0], r"NMNIST\(crop=32\)": x[:, :, 1:]}
    for way, wrong in ways.items():
        images = rf"expected images \[T, B, H, W, C\] with H and W multiples of .*; .*{way}"
        with pytest.raises(ValueError, match=images):
            jax.eval_shape(network.init, KEY, wrong)


@pytest.mark.parametrize("name", NARROW)
def test_events_are_images_too(name):
    """Spikes of a camera as integers give what they give as floats."""
    network, x = narrow(name)
    counts = jnp.round(abs(x)).astype(jnp.uint8)
    like = jax.eval_shape(network.init, KEY, x)
    assert jax.eval_shape(network.init, KEY, counts) == like


@pytest.mark.parametrize(
    "attributes, message",
    [
        ({"heads": 3}, "heads that divide the 32 channels of a token, found 3"),
        ({"heads": 0}, "expected heads as an integer of at least 1, found 0"),
        ({"depth": 1.5}, "expected depth as an integer of at least 1, found 1.5"),
        ({"dtype": "int8"}, "expected dtype as a floating-point dtype or None"),
        ({"width": 0}, "expected width as an integer of at least 1, found 0"),
        ({"classes": None}, r"found None; give Spikformer\(classes=…\)"),
    ],
)
def test_attributes_that_do_not_fit(attributes, message):
    network, x = narrow("spikformer", **attributes)
    with pytest.raises(ValueError, match=message):
        jax.eval_shape(network.init, KEY, x)
