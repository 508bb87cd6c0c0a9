"""Norms in networks: a template, configs, the command line, chunks, streams, devices."""

import dataclasses

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import spikejax
from fast_compilation import fast_jit
from norm_cases import NORMS, SHARED
from spikejax import Spiking, Time, paths, pytree
from spikejax.cli.flags import with_parts
from spikejax.data import Dataset, Split
from spikejax.devices import mesh
from spikejax.inputs import Sequence
from spikejax.inputs.batches import place
from spikejax.layers import NORMS as REGISTRY
from spikejax.layers import TAB, TDBN, TEBN, BatchNorm, Norm, layer_of
from spikejax.networks.core import pure
from spikejax.neurons.lif import LIF
from spikejax.objectives import SummedCrossEntropy
from spikejax.objectives.composed import objective
from spikejax.objectives.model import Model
from spikejax.recipes import Recipe
from spikejax.runs import Config, fit, load, sweep
from spikejax.runs.serial import from_json, to_json
from spikejax.training import Adam, Trainer
from spikejax.training.gradient import gradient_of_batch

KEY, STEPS, CLASSES = jax.random.key(0), 4, 3
every_norm = pytest.mark.parametrize("name", NORMS)


class Normal(nn.Module):
    """Dense layers of channels with a norm and neurons each."""

    classes: int | None = CLASSES
    norm: Norm = BatchNorm()
    neuron: LIF = LIF(decay=0.5)

    @nn.compact
    def __call__(self, x, train=False):
        for _ in range(2):
            x = layer_of(self.norm)(nn.Dense(4)(x), train)
            x = Spiking(self.neuron)(x)
        return nn.Dense(self.classes or CLASSES)(x.mean((2, 3)))


def images(batch=4, steps=STEPS):
    return jnp.asarray(np.random.default_rng(0).normal(0.5, 1.0, (steps, batch, 2, 2, 2)), float)


def made(network, x):
    """Variables whose running statistics are those of some batches."""

    def batches(key, x):
        variables = jax.tree.map(lambda leaf: leaf.astype(float), network.init(key, x))
        for scale in (1.0, 2.0):
            given = {"train": True, "mutable": ["batch_stats"]}
            _, changed = network.apply(variables, scale * x, **given)
            variables = {**variables, **changed}
        return variables

    return fast_jit(batches)(KEY, x)


def facts_of(network, x):
    variables = jax.eval_shape(lambda: network.init(KEY, x))
    return pure.inspect_module(network, variables, jax.ShapeDtypeStruct(x.shape, x.dtype))


# --- A template ---------------------------------------------------------------------------------------


@every_norm
def test_layers_have_their_own_variables(name):
    variables = jax.eval_shape(lambda: Normal(norm=NORMS[name]).init(KEY, images()))
    kind = type(NORMS[name]).__name__
    assert sorted(variables["batch_stats"]) == [f"{kind}_0", f"{kind}_1"]
    assert f"{kind}_1" in variables["params"] and "norm" not in variables["params"]


def test_summed_layers_keep_the_variance():
    """tdBN of two branches: each has α/√2; other norms know nothing of sums."""
    assert layer_of(TDBN(alpha=0.5), summed=4).alpha == 0.25
    assert layer_of(BatchNorm(momentum=0.5), "a", summed=4) == BatchNorm(momentum=0.5, name="a")


def test_what_is_no_norm_is_refused():
    with pytest.raises(
        TypeError, match=r"expected a norm, BatchNorm\(\) for example, found .*Dense"
    ):
        layer_of(nn.Dense(3))


@pytest.mark.parametrize(
    "make, setting",
    [
        (lambda value: BatchNorm(momentum=value), "momentum"),
        (lambda value: TAB(epsilon=value), "epsilon"),
        (lambda value: TDBN(threshold=value), "threshold"),
        (lambda value: TDBN(alpha=value), "alpha"),
    ],
    ids=("momentum", "epsilon", "threshold", "alpha"),
)
@pytest.mark.parametrize("value", [-0.1, "much", True])
def test_settings_that_cannot_be_are_refused(make, setting, value):
    with pytest.raises(ValueError, match=f"expected {setting} as a number in .*, found {value!r}"):
        make(value)


def test_each_point_of_a_sweep_is_checked(toy, tmp_path):
    axes = {"network.norm.momentum": (0.9, 1.5)}
    with pytest.raises(ValueError, match=r"momentum as a number in \[0, 1\], found 1.5"):
        sweep(toy, axes, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@every_norm
def test_a_config_to_json_and_back(name):
    network = Normal(norm=NORMS[name])
    written = to_json(network)
    assert written["norm"]["type"] == f"norm {REGISTRY.name_of(type(NORMS[name]))}"
    assert pytree.Static(from_json(written)) == pytree.Static(network)


def test_the_registry_has_every_norm():
    assert sorted(REGISTRY) == ["batch_norm", "bntt", "tab", "tdbn", "tebn"]


def test_paths_reach_into_a_norm():
    network = paths.replace(Normal(norm=TDBN()), {"norm.threshold": 0.5})
    assert network.norm.threshold == 0.5
    roles = {path: place.role for path, place in paths.places(Normal()).items()}
    assert roles["norm.momentum"] == "leaf" and roles["norm.statistics"] == "choice"


def test_a_norm_by_its_name_on_the_command_line(toy):
    recipe = Recipe(title="", source="", config=toy)
    assert with_parts(recipe, ["--network.norm", "tebn"]).network.norm == TEBN()
    assert with_parts(recipe, ["--norm=tdbn"]).network.norm == TDBN()
    with pytest.raises(ValueError, match="unknown norm 'tbn'; did you mean"):
        with_parts(recipe, ["--norm", "tbn"])


# --- Time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHARED)
def test_evaluation_in_chunks_and_as_a_stream(name, float64):
    network, x = Normal(norm=NORMS[name]), images()
    variables = made(network, x)
    expected, _ = spikejax.run(network, variables, x)
    for chunk in (1, 3):
        found, _ = spikejax.run(network, variables, x, time=Time(chunk=chunk))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    first, carry = spikejax.run(network, variables, x[:2])
    rest, _ = spikejax.run(network, variables, x[2:], carry)
    np.testing.assert_allclose(jnp.concatenate([first, rest]), expected, rtol=1e-12, atol=1e-12)


def test_training_in_chunks_with_statistics_of_each_step(float64):
    """Outputs, running statistics and gradients are those of the whole sequence."""
    network, x = Normal(norm=NORMS["step"]), images()
    variables = made(network, x)

    def loss(params, chunk):
        given = {**variables, "params": params}
        outputs, carry = spikejax.run(network, given, x, time=Time(chunk=chunk), train=True)
        return jnp.square(outputs).sum(), (outputs, carry["batch_stats"])

    def gradient(chunk):
        return fast_jit(jax.grad(lambda params: loss(params, chunk), has_aux=True))(
            variables["params"]
        )

    whole, cut = gradient(None), gradient(2)
    chex.assert_trees_all_close(cut, whole, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted(set(NORMS) - set(SHARED)))
def test_values_per_step_need_all_steps(name):
    network, x = Normal(norm=NORMS[name]), images()
    variables = made(network, x)
    refused = f"initialised with T = {STEPS} steps, .* found"
    with pytest.raises(ValueError, match=refused):
        spikejax.run(network, variables, x, time=Time(chunk=2))
    with pytest.raises(ValueError, match=refused):
        spikejax.run(network, variables, x[:2])
    with pytest.raises(ValueError, match=refused):
        spikejax.run(network, variables, images(steps=STEPS + 1), train=True)


@every_norm
def test_what_a_norm_declares(name):
    facts = facts_of(Normal(norm=NORMS[name]), images())
    assert facts.changes == ("batch_stats",)
    kind = type(NORMS[name]).__name__
    if name == "step":
        assert not facts.whole_sequence
    else:
        reason = "pooled over time" if name in SHARED else "for each step"
        assert set(facts.whole_sequence) == {f"{kind}_0", f"{kind}_1"}
        assert all(reason in why for why in facts.whole_sequence.values())


@every_norm
def test_samples_of_unequal_lengths(name, float64):
    """What stands beyond a sample's length changes neither its outputs nor the statistics."""
    network, x = Normal(norm=NORMS[name]), images()
    variables, lengths = made(network, x), np.array([4, 1, 2, 3])
    real = np.arange(STEPS)[:, None] < lengths
    other = jnp.where(real[..., None, None, None], x, 1e3)
    one, two = (
        spikejax.run(network, variables, given, train=True, lengths=lengths) for given in (x, other)
    )
    chex.assert_trees_all_equal(one[0], two[0])
    chex.assert_trees_all_equal(one[1]["batch_stats"], two[1]["batch_stats"])
    whole, _ = spikejax.run(network, variables, x, train=True)
    assert np.any(np.asarray(whole) != one[0])


# --- Training -----------------------------------------------------------------------------------------


@every_norm
def test_devices_share_a_batch(name, float64):
    """The gradient and the statistics are those of one device with the whole batch."""
    functions = pure.Functions(Normal(norm=NORMS[name]))
    minimised = objective(Model(functions, Sequence()), SummedCrossEntropy())
    x = np.asarray(images(batch=8)).swapaxes(0, 1)
    batch = Split(x, np.arange(8) % CLASSES)
    variables = made(Normal(norm=NORMS[name]), jnp.asarray(x.swapaxes(0, 1)))

    def gradient(devices):
        shared = mesh.over(jax.devices()[:devices])
        trainer = Trainer(minimised, optax.sgd(1.0), mesh=shared, statistics=True)
        given = mesh.replicate(variables, shared), place(batch, shared)
        return jax.device_get(fast_jit(lambda v, b: gradient_of_batch(trainer, v, b, KEY))(*given))

    chex.assert_trees_all_close(gradient(1), gradient(2), rtol=1e-10, atol=1e-12)


@pytest.fixture(scope="module")
def toy():
    """A config on images of three classes, which differ in their mean."""
    draw = np.random.default_rng(0)
    labels = (np.arange(32) % CLASSES).astype(np.int32)
    inputs = 100 * draw.random((32, STEPS, 2, 2, 2)) + 50 * labels[:, None, None, None, None]
    parts = [(inputs[part].astype(np.uint8), labels[part]) for part in (slice(24), slice(24, None))]
    return Config(
        data=Dataset.of_arrays(*parts, name="toy images", scale=255.0),
        network=Normal(classes=None),
        optimiser=Adam(learning_rate=0.02),
        epochs=8,
        batch_size=8,
    )


@pytest.mark.parametrize("norm", [BatchNorm(statistics="step"), TDBN(), TAB()])
def test_a_run(norm, toy, tmp_path):
    """Trained, saved, loaded; the running statistics have moved."""
    network = toy.network.clone(norm=norm)
    result = fit(dataclasses.replace(toy, network=network), tmp_path / "run", progress=False)
    history = result.record["history"]
    assert history[-1]["loss"] < history[0]["loss"]
    loaded = load(tmp_path / "run")
    chex.assert_trees_all_equal(loaded.variables, result.variables)
    assert pytree.Static(loaded.config.network.norm) == pytree.Static(norm)
    for layer in loaded.variables["batch_stats"].values():
        assert np.abs(layer["mean"]).max() > 1e-3
