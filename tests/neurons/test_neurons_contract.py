"""What every neuron in `NEURONS` must do, whatever it models; a new file is tested with no edit here."""

import dataclasses
import importlib
import itertools
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import spikejax.neurons
from spikejax.neurons import NEURONS, get, make
from spikejax.neurons.core import contract as base
from spikejax.neurons.core.contract import fields
from spikejax.neurons.core.parameters import check_learnable, draw_numbers, named_numbers
from spikejax.neurons.lif import LIF, LIFState
from spikejax.surrogate import Circle, QPseudoSpike

STEPS, BATCH, FEATURES = 8, 4, 3
NOISE = np.random.default_rng(0).normal(0.4, 0.8, (STEPS, BATCH, FEATURES))
WEIGHTS = np.random.default_rng(1).normal(size=NOISE.shape)
KEY = jax.random.key(0)

every_model = pytest.mark.parametrize("model", NEURONS.values(), ids=NEURONS)
every_step = pytest.mark.parametrize(
    "model", [m for m in NEURONS.values() if "step" in vars(m)], ids=lambda m: m.__name__
)
float64 = pytest.mark.usefixtures("float64")


def few(examples):
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        # The fixture holds for all examples of a test: they may share it.
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


def numbers_of(model):
    """Any numbers within the declared bounds, an infinite one cut at 1 from the default; those that are drawn stay.

    From a seed, not number by number: the first example that hypothesis tries is the simplest, and all 0 proves little.
    """
    spans = {}
    for name, field in fields(model).items():
        if not callable(field.default):
            low, high = field.metadata["low"], field.metadata["high"]
            spans[name] = (
                max(low, field.default - 1) if np.isinf(high - low) else low,
                min(high, field.default + 1) if np.isinf(high - low) else high,
            )

    def draw(seed):
        uniform = np.random.default_rng(seed).uniform
        return {name: float(uniform(*span)) for name, span in spans.items()}

    return st.integers(0, 10**6).map(draw)


def options_of(model):
    choices = {name: field.metadata["choices"] for name, field in fields(model, "option").items()}
    return st.fixed_dictionaries({name: st.sampled_from(among) for name, among in choices.items()})


def single_options(model):
    """The default choices, and each other choice alone."""
    yield {}
    for name, field in fields(model, "option").items():
        for choice in field.metadata["choices"]:
            if choice != field.default:
                yield {name: choice}


def opposite_numbers(model):
    for options in single_options(model):
        for name, field in fields(model).items():
            if field.metadata["low"] == -np.inf and not callable(field.default):
                yield {**options, name: -field.default}


def all_options(model):
    choices = [field.metadata["choices"] for field in fields(model, "option").values()]
    for choice in itertools.product(*choices):
        yield dict(zip(fields(model, "option"), choice, strict=True))


def settle(model, steps=STEPS, **settings):
    """A neuron for sequences of so many steps, its initialisers drawn."""
    sizes = {"steps": steps} if "steps" in fields(model, "size") else {}
    neuron = model(**sizes, **settings)
    dtype = np.float64 if jax.config.values["jax_enable_x64"] else np.float32
    names = [name for name, leaf in named_numbers(neuron).items() if callable(leaf)]
    drawn = draw_numbers(neuron, KEY, (FEATURES,), dtype)
    return dataclasses.replace(neuron, **{name: getattr(drawn, name) for name in names})


def draw_settled(data, model, options=None):
    drawn = data.draw(numbers_of(model))
    options = data.draw(options_of(model)) if options is None else options
    try:
        return settle(model, **drawn, **options)
    except ValueError:
        assume(False)  # numbers that its `check` refuses together


def start(neuron, current):
    current = jnp.asarray(current)
    return neuron.init_state(current, KEY) if neuron.stochastic else neuron.init_state(current)


def currents_of(model, noise=NOISE):
    return model.drive * noise


def run(neuron, currents):
    """The state after a sequence, and what the neuron sent."""
    return neuron.sequence(start(neuron, currents[0]), currents)


def run_and_slopes(neuron, currents):
    """Also the gradient of the weighted output by the neuron's leaves."""

    def loss(neuron):
        found = run(neuron, currents)
        weights = np.resize(WEIGHTS, found[1].shape)
        return (weights * found[1]).sum(), found

    return jax.grad(loss, has_aux=True)(neuron)


jitted = jax.jit(run)
jitted_slopes = jax.jit(run_and_slopes)
mapped_slopes = jax.jit(jax.vmap(run_and_slopes, (0, None)))
continued = jax.jit(lambda neuron, state, currents: neuron.sequence(state, currents))


def looped(neuron, currents):
    """`run`, eagerly and step by step where the model can."""
    state, sent = start(neuron, currents[0]), []
    if "step" not in vars(type(neuron)):
        return neuron.sequence(state, jnp.asarray(currents))
    for current in currents:
        state, spikes = neuron.step(state, jnp.asarray(current))
        sent.append(spikes)
    return state, np.stack(sent)


def arrays(tree):
    """The leaves as NumPy arrays, keys as their words."""
    leaves = jax.tree.leaves(tree)
    return [
        np.asarray(jax.random.key_data(x) if jnp.issubdtype(x.dtype, jax.dtypes.prng_key) else x)
        for x in map(jnp.asarray, leaves)
    ]


def check_close(found, expected, tolerance=1e-11):
    for a, b in zip(arrays(found), arrays(expected), strict=True):
        scale = max(1.0, np.max(np.abs(b), initial=0))
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def stack(trees):
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(x) for x in leaves]), *trees)


def is_neuron_shaped(leaf, current):
    """A variable of each neuron, several of them at most; else a counter or a key."""
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
        return leaf.shape == ()
    return leaf.shape[leaf.ndim - current.ndim :] == current.shape and leaf.dtype == current.dtype


# --- Types ----------------------------------------------------------------------------------------


@every_model
@float64
@few(2)
@given(data=st.data())
def test_a_sequence_keeps_structure_shape_and_dtype(model, data):
    """For Python numbers and for arrays of one number a neuron, with strict type promotion."""
    drawn = draw_settled(data, model)
    for dtype, shape in zip(
        (jnp.bfloat16, jnp.float16, jnp.float32, jnp.float64),
        ((2, 3), (2, 3), (2, 3), (2, 4, 4, 3)),
        strict=True,
    ):
        current = jax.ShapeDtypeStruct(shape, dtype)
        currents = jax.ShapeDtypeStruct((STEPS, *shape), dtype)
        plain = [name for name, field in fields(model).items() if field.metadata["axes"] is None]
        neuron = jax.tree.map(lambda x, d=dtype: jnp.asarray(x, d) if jnp.ndim(x) else x, drawn)
        alike = jax.ShapeDtypeStruct(shape[1:], dtype)
        spread = dataclasses.replace(neuron, **dict.fromkeys(plain, alike))
        with jax.numpy_dtype_promotion("strict"):
            before = jax.eval_shape(start, neuron, current)
            after, spikes = jax.eval_shape(run, neuron, currents)
            by_arrays = jax.eval_shape(run, spread, currents)
        assert type(before) is type(after) is model.State
        assert before == after and (after, spikes) == by_arrays
        assert all(is_neuron_shaped(leaf, current) for leaf in jax.tree.leaves(after))
        assert (spikes.shape, spikes.dtype) == (currents.shape, dtype)


# --- Values ---------------------------------------------------------------------------------------


RATES = {}


@every_model
@float64
@few(5)
@given(data=st.data())
def test_eager_loop_jit_and_vmap_are_equal(model, data):
    """For the defaults and a neuron whose numbers are drawn."""
    options = data.draw(options_of(model))
    neurons = [settle(model, **options), draw_settled(data, model, options)]
    currents = currents_of(model)
    compiled = [jitted(neuron, currents) for neuron in neurons]
    for neuron, found in zip(neurons, compiled, strict=True):
        check_close(found, looped(neuron, currents))
        if model.spiking:
            np.testing.assert_array_equal(found[1] * (1 - found[1]), 0)
        RATES.setdefault(model, []).append(float(np.mean(found[1])))
    slopes, mapped = mapped_slopes(stack(neurons), currents)
    check_close(mapped, stack(compiled))
    assert all(np.all(np.isfinite(slope)) for slope in jax.tree.leaves(slopes))


@every_model
def test_the_neurons_that_were_compared_fired(model):
    """Some of them, at some steps: a silent neuron is equal to anything."""
    rates = RATES.get(model)
    if (
        model.spiking and rates and model.horizon < 1000
    ):  # a millisecond neuron is silent for eight steps
        assert any(0 < rate < 1 for rate in rates), rates


@every_model
@float64
def test_every_number_matters(model):
    """No number is idle: with the default choices, or, if it is another choice's, with that one.

    Last, a number is turned to its opposite as well: the floor of ALIF wants a negative strength.
    """
    steps = model.horizon
    noise = np.random.default_rng(2).normal(0.8, 0.8, (steps, 2, FEATURES))
    idle = set()
    for changes in [*single_options(model), *opposite_numbers(model)]:
        neuron = settle(model, steps, **changes)
        slopes, (_, output) = jitted_slopes(neuron, currents_of(model, noise))
        assert changes or 0 < np.mean(output != 0) < 1 or not model.spiking
        found = {name: np.max(np.abs(slope)) for name, slope in named_numbers(slopes).items()}
        assert all(np.isfinite(size) for size in found.values()), found
        still = {name for name, size in found.items() if not size > 1e-9}
        idle = still if not changes else idle & still
        if not idle:
            return
    raise AssertionError(f"idle: {sorted(idle)}")


@every_model
@float64
def test_without_input_nothing_happens(model):
    zeros = np.zeros_like(NOISE)
    for options in single_options(model):
        if not model.stochastic:
            np.testing.assert_array_equal(
                looped(settle(model, **options), zeros)[1], 0, err_msg=str(options)
            )


def check_independence(neuron, currents):
    """One row of the batch, then one neuron, gets another current: all others are equal in each bit."""
    expected = looped(neuron, currents)
    for touched in (np.s_[:, 1], np.s_[:, :, 2]):
        perturbed = currents.copy()
        perturbed[touched] += 0.75 * neuron.drive
        untouched = np.ones(currents.shape, bool)
        untouched[touched] = False
        found = looped(neuron, perturbed)
        np.testing.assert_array_equal(found[1][untouched], expected[1][untouched])
        for a, b in zip(arrays(found[0]), arrays(expected[0]), strict=True):
            if a.dtype == np.float64:
                rest = np.broadcast_to(untouched[0], a.shape)
                np.testing.assert_array_equal(a[rest], b[rest])


def check_chunks(neuron, currents):
    """Two pieces, the state passed on, equal the whole in each bit."""
    state, pieces = start(neuron, currents[0]), []
    whole = continued(neuron, state, currents)
    for chunk in (currents[:4], currents[4:]):
        state, spikes = continued(neuron, state, chunk)
        pieces.append(spikes)
    for a, b in zip(arrays((state, np.concatenate(pieces))), arrays(whole), strict=True):
        np.testing.assert_array_equal(a, b)


@every_model
@float64
@few(4)
@given(data=st.data())
def test_rows_and_neurons_are_independent(model, data):
    neuron = draw_settled(data, model)
    check_independence(neuron, currents_of(model))


@every_model
@float64
def test_rows_are_independent_whatever_is_chosen(model):
    for options in single_options(model):
        check_independence(settle(model, 3, **options), currents_of(model, NOISE[:3]))


@every_model
@float64
def test_a_row_feels_its_current(model):
    currents = currents_of(model)
    shifted = looped(settle(model), currents + 3 * model.drive)
    state, sent = looped(settle(model), currents)
    if jax.tree.leaves(state):
        assert any(np.any(a != b) for a, b in zip(*map(arrays, (shifted[0], state)), strict=True))
    else:
        assert np.any(shifted[1] != sent)


@every_step
@float64
@few(4)
@given(data=st.data())
def test_chunks_equal_the_whole(model, data):
    check_chunks(draw_settled(data, model), currents_of(model))


@base.neuron(LIFState)
class Crowd:
    """A LIF that is wrong: it also feels the mean of the batch."""

    def step(self, state, current):
        membrane = 0.8 * state.membrane + 0.1 * jnp.mean(state.membrane) + current
        return LIFState(membrane * (membrane < 1)), (membrane >= 1).astype(current.dtype)


@base.neuron(LIFState)
class Forgetful:
    """A LIF that is wrong: a new piece of a sequence starts anew."""

    def step(self, state, current):
        return LIF().step(state, current)

    def sequence(self, state, currents):
        return LIF().sequence(self.init_state(currents[0]), currents)


@float64
def test_the_checks_find_what_they_are_for():
    with pytest.raises(AssertionError):
        check_independence(Crowd(), NOISE)
    with pytest.raises(AssertionError):
        check_chunks(Forgetful(), NOISE)


@every_model
def test_half_precision_computes(model):
    """Finite, spikes of 0 and 1, and, but for neurons in millivolts, about as many as in float32."""
    rates = {}
    noise = np.random.default_rng(3).normal(0.6, 0.8, (STEPS, 40, FEATURES))
    for dtype in (jnp.float32, jnp.bfloat16):
        neuron = jax.tree.map(lambda x, d=dtype: jnp.asarray(x, d), settle(model))
        state, sent = jitted(neuron, jnp.asarray(currents_of(model, noise), dtype))
        for leaf in [*jax.tree.leaves(state), sent]:
            if jnp.issubdtype(leaf.dtype, jnp.floating):
                assert leaf.dtype == dtype and np.all(np.isfinite(np.asarray(leaf, np.float32)))
        sent = np.asarray(sent, np.float32)
        if model.spiking:
            assert set(np.unique(sent)) <= {0.0, 1.0}
        rates[dtype] = sent.mean()
    if not model.current_unit and model.spiking:
        np.testing.assert_allclose(rates[jnp.bfloat16], rates[jnp.float32], atol=0.03)


@pytest.mark.parametrize("name", ["psn", "masked_psn"])
def test_a_model_of_whole_sequences_says_so(name):
    neuron = settle(NEURONS[name])
    state = neuron.init_state(NOISE[0])
    nothing = neuron.sequence(state, jnp.asarray(NOISE[:0]))
    assert nothing[0] == state and nothing[1].shape == (0, BATCH, FEATURES)
    message = rf"{type(neuron).__name__} mixes all T=8 steps.*neither be run in chunks nor streamed; found 4"
    with pytest.raises(ValueError, match=message):
        neuron.sequence(state, jnp.asarray(NOISE[:4]))
    assert not hasattr(neuron, "step")


# --- Leaves and choices ---------------------------------------------------------------------------


@every_model
def test_numbers_are_operands_and_options_are_programs(model):
    traces = []

    @jax.jit
    def sequence(neuron, state, currents):
        traces.append(neuron)
        return neuron.sequence(state, currents)

    currents = np.ones((STEPS, 2, FEATURES), np.float32)
    state = start(settle(model), currents[0])

    def programs(**settings):
        before = len(traces)
        neuron = settle(model, **settings)
        jax.eval_shape(sequence, neuron, state, currents)
        jax.eval_shape(sequence, jax.tree.map(lambda leaf: 0.9 * leaf, neuron), state, currents)
        return len(traces) - before

    assert programs() == 1
    for name, field in fields(model).items():
        if not callable(field.default):
            assert programs(**{name: 0.9 * field.default}) == 0
    for name in fields(model, "surrogate"):
        assert programs(**{name: QPseudoSpike()}) == 1
    for name, field in fields(model, "option").items():
        for choice in set(field.metadata["choices"]) - {field.default}:
            assert programs(**{name: choice}) == 1


@every_model
def test_instance_is_a_frozen_pytree(model):
    neuron = model()
    assert jax.tree.map(lambda leaf: leaf, neuron) == neuron == model()
    assert hash(neuron) == hash(model())
    assert sorted(map(str, jax.tree.leaves(neuron))) == sorted(
        map(str, named_numbers(neuron).values())
    )
    name, *_ = fields(model)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(neuron, name, 0.5)
    with pytest.raises(TypeError, match="positional"):
        model(0.5)


def test_no_two_neurons_have_equal_structures():
    """Nor two choices, nor two surrogates of a model: programs are kept by tree structure."""
    structures = []
    for model in NEURONS.values():
        for options in all_options(model):
            kinds = [
                {name: kind()}
                for name in fields(model, "surrogate")
                for kind in (Circle, QPseudoSpike)
            ]
            for surrogate in kinds or [{}]:
                structures.append(jax.tree.structure(model(**options, **surrogate)))
    assert all(a != b for a, b in itertools.combinations(structures, 2))


@every_model
def test_a_gradient_of_python_numbers_is_not_held_to_the_bounds(model):
    """A gradient has its neuron's type; `jax.tree.map(float, gradient)` makes no new neuron."""
    for slope in (-100.0, 100.0, float("nan")):
        gradient = jax.tree.map(lambda leaf, slope=slope: slope, model())
        assert isinstance(gradient, model)
        assert {str(leaf) for leaf in jax.tree.leaves(gradient)} == {str(slope)}


@every_model
def test_fields_are_declared(model):
    kinds = [fields(model, kind) for kind in ("param", "option", "size", "surrogate")]
    assert sum(map(len, kinds)) == len(dataclasses.fields(model))
    assert model.spiking == bool(fields(model, "surrogate")) or model.stochastic
    for field in dataclasses.fields(model):
        assert field.metadata["doc"]
    for field in fields(model).values():
        if not callable(field.default):
            assert field.metadata["low"] <= field.default <= field.metadata["high"]
    for field in fields(model, "option").values():
        assert field.default in field.metadata["choices"]


# --- Errors ---------------------------------------------------------------------------------------


@every_model
def test_a_number_out_of_bounds_is_refused(model):
    for name, field in fields(model).items():
        low, high = field.metadata["low"], field.metadata["high"]
        for number in (low - 0.5, high + 0.5, float("nan")):
            if low <= number <= high:  # an infinite bound
                continue
            expected = f"{model.__name__}.{name} must lie in [{low}, {high}], found {number}"
            with pytest.raises(ValueError, match=re.escape(expected)):
                model(**{name: number})
        for border in (low, high):
            if not hasattr(model, "check"):
                assert getattr(model(**{name: border}), name) == border


@every_model
def test_an_unknown_option_is_refused(model):
    for name, field in fields(model, "option").items():
        choices = field.metadata["choices"]
        expected = f"{model.__name__}.{name} must be one of {choices}, found 'nonsense'"
        with pytest.raises(ValueError, match=re.escape(expected)):
            model(**{name: "nonsense"})


def test_an_unknown_neuron_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"unknown neuron 'lift'; did you mean lif\b"):
        get("lift")
    with pytest.raises(ValueError, match=", ".join(sorted(NEURONS))):
        get("???")


@every_model
def test_only_numbers_can_be_learned(model):
    check_learnable(model(), tuple(named_numbers(model())))
    for name in ("nonsense", *fields(model, "option"), *fields(model, "surrogate")):
        expected = (
            f"{model.__name__} has no number {name!r} to learn; "
            f"expected one of {sorted(named_numbers(model()))}"
        )
        with pytest.raises(ValueError, match=re.escape(expected)):
            check_learnable(model(), (name,))


# --- Files ----------------------------------------------------------------------------------------


def test_registry_is_the_folder():
    files = {path.stem for path in Path(spikejax.neurons.__file__).parent.glob("*.py")}
    assert set(NEURONS) == files - {"__init__", "base", "firing", "numbers"}
    assert get("lif") is LIF
    with pytest.raises(TypeError):
        NEURONS["mine"] = LIF


@pytest.mark.parametrize("name", NEURONS)
def test_one_model_a_file(name):
    module = importlib.import_module(f"spikejax.neurons.{name}")
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]
    assert [value for value in own if hasattr(value, "sequence")] == [NEURONS[name]]
    assert {NEURONS[name], NEURONS[name].State} <= set(own)
    assert module.__doc__


def test_presets_are_settings_of_their_model():
    for name, model in NEURONS.items():
        for peer, preset in model.presets.items():
            assert make(name, like=peer) == model(**preset)
            field = next(iter(set(fields(model)) - set(preset)), None)
            if field and not callable(fields(model)[field].default):
                value = 0.9 * fields(model)[field].default
                assert getattr(make(name, like=peer, **{field: value}), field) == value
    with pytest.raises(ValueError, match="unknown preset of clif 'norse'; .*spikingjelly"):
        make("clif", like="norse")


def test_numbers_that_constrain_each_other():
    with pytest.raises(ValueError, match="expected slow_decay above fast_decay, found 0.5 and 0.6"):
        make("alpha", slow_decay=0.5, fast_decay=0.6)
    with pytest.raises(ValueError, match="80 slope factors above the rheobase"):
        make("adex", slope_factor=0.5)


@every_model
def test_docstring_has_a_source_and_an_example(model):
    assert "Reference:" in model.__doc__ and ">>> " in model.__doc__
    assert f"`{model.__name__}`" in model.State.__doc__  # not the one that NamedTuple writes
