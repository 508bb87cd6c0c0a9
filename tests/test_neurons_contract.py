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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spikejax.neurons
from spikejax.dynamics import unroll
from spikejax.neurons import NEURONS, get
from spikejax.neurons.base import check_learnable, fields
from spikejax.neurons.lif import LIF
from spikejax.surrogate import ATan, Erf

STEPS, BATCH, FEATURES = 8, 4, 3
CURRENTS = np.random.default_rng(0).normal(0.4, 0.8, (STEPS, BATCH, FEATURES))
WEIGHTS = np.random.default_rng(1).normal(size=CURRENTS.shape)

every_model = pytest.mark.parametrize("model", NEURONS.values(), ids=NEURONS)
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
    """Any numbers within the declared bounds, infinite ones cut at ±3."""
    bounds = {name: field.metadata for name, field in fields(model).items()}
    return st.fixed_dictionaries(
        {name: st.floats(max(b["low"], -3), min(b["high"], 3)) for name, b in bounds.items()}
    )


def options_of(model):
    choices = {name: field.metadata["choices"] for name, field in fields(model, "option").items()}
    return st.fixed_dictionaries({name: st.sampled_from(among) for name, among in choices.items()})


def all_options(model):
    choices = [field.metadata["choices"] for field in fields(model, "option").values()]
    for choice in itertools.product(*choices):
        yield dict(zip(fields(model, "option"), choice, strict=True))


def draw_neuron(data, model):
    return model(**data.draw(numbers_of(model)), **data.draw(options_of(model)))


def records(neuron, currents):
    """The state after each step and what the neuron sends."""

    def save(state, spikes):
        return state, spikes

    return unroll(neuron.step, neuron.init_state(currents[0]), currents, save=save)[1]


def records_and_slopes(neuron, currents):
    """Also the gradient of the weighted output by the neuron's leaves."""

    def loss(neuron):
        found = records(neuron, currents)
        return (WEIGHTS * found[1]).sum(), found

    return jax.grad(loss, has_aux=True)(neuron)


@jax.jit
def run(neuron, state, currents):
    return unroll(neuron.step, state, currents)


jitted = jax.jit(records)
jitted_slopes = jax.jit(records_and_slopes)
mapped_slopes = jax.jit(jax.vmap(records_and_slopes, (0, None)))


def looped(neuron, currents):
    """`records`, eagerly."""
    state, found = neuron.init_state(jnp.asarray(currents[0])), []
    for current in currents:
        state, spikes = neuron.step(state, current)
        found.append((state, spikes))
    return stack(found)


def check_close(found, expected):
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11), found, expected
    )


def stack(trees):
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)


# --- Types ----------------------------------------------------------------------------------------


@every_model
@float64
@few(4)
@given(data=st.data())
def test_step_keeps_structure_shape_and_dtype(model, data):
    """For Python numbers and for arrays of one number a neuron, with strict type promotion."""
    neuron = draw_neuron(data, model)
    for dtype, shape in itertools.product(
        (jnp.bfloat16, jnp.float16, jnp.float32, jnp.float64), ((), (2, 3), (2, 4, 4, 3))
    ):
        current = jax.ShapeDtypeStruct(shape, dtype)
        arrays = jax.tree.map(lambda x, s=shape, d=dtype: jax.ShapeDtypeStruct(s[1:], d), neuron)
        with jax.numpy_dtype_promotion("strict"):
            before = jax.eval_shape(neuron.init_state, current)
            after, spikes = jax.eval_shape(neuron.step, before, current)
            by_arrays = jax.eval_shape(model.step, arrays, before, current)
        assert type(before) is type(after) is model.State
        assert before == after and (after, spikes) == by_arrays
        leaves = [*jax.tree.leaves(after), spikes]
        assert all(leaf.shape == shape and leaf.dtype == dtype for leaf in leaves)


# --- Values ---------------------------------------------------------------------------------------


@every_model
@float64
@few(2)
@given(data=st.data())
def test_eager_loop_jit_and_vmap_are_equal(model, data):
    options = data.draw(options_of(model))
    neurons = [model(**data.draw(numbers_of(model)), **options) for _ in range(2)]
    compiled = [jitted(neuron, CURRENTS) for neuron in neurons]
    for neuron, found in zip(neurons, compiled, strict=True):
        check_close(found, looped(neuron, CURRENTS))
        if model.spiking:
            np.testing.assert_array_equal(found[1] * (1 - found[1]), 0)
    slopes, mapped = mapped_slopes(stack(neurons), CURRENTS)
    check_close(mapped, stack(compiled))
    assert all(np.all(np.isfinite(slope)) for slope in jax.tree.leaves(slopes))


@every_model
@float64
def test_every_number_matters_by_default(model):
    """With its default choices no number of a model is idle; the surrogate's own have no gradient."""
    neuron = model()
    slopes, (_, output) = jitted_slopes(neuron, CURRENTS)
    assert 0 < np.mean(output != 0)
    for name in fields(model):
        assert abs(getattr(slopes, name)) > 1e-6, name
    for name in fields(model, "surrogate"):
        assert not any(jax.tree.leaves(getattr(slopes, name)))


@every_model
@float64
def test_without_input_nothing_happens(model):
    zeros = np.zeros_like(CURRENTS[0])
    for options in all_options(model):
        neuron = model(**options)
        state = neuron.init_state(jnp.asarray(zeros))
        for _ in range(3):
            state, output = neuron.step(state, zeros)
            np.testing.assert_array_equal(output, 0, err_msg=str(options))


@every_model
@float64
@few(1)
@given(data=st.data())
def test_rows_and_neurons_are_independent(model, data):
    """One row of the batch, then one neuron, gets another current: all others are equal in each bit."""
    numbers, currents = data.draw(numbers_of(model)), CURRENTS[:3]
    for options in all_options(model):
        neuron = model(**numbers, **options)
        expected = looped(neuron, currents)
        for touched in (np.s_[:, 1], np.s_[:, :, 2]):
            perturbed = currents.copy()
            perturbed[touched] += 0.75
            untouched = np.ones(currents.shape, bool)
            untouched[touched] = False
            found = looped(neuron, perturbed)
            for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
                np.testing.assert_array_equal(a[untouched], b[untouched])


@every_model
@float64
def test_a_row_feels_its_current(model):
    found, expected = looped(model(), CURRENTS + 0.75), looped(model(), CURRENTS)
    assert all(
        np.any(a != b) for a, b in zip(*map(jax.tree.leaves, (found, expected)), strict=True)
    )


@every_model
@float64
@few(2)
@given(data=st.data())
def test_chunks_equal_the_whole(model, data):
    neuron = model(**data.draw(numbers_of(model)))
    state, pieces = neuron.init_state(CURRENTS[0]), []
    whole = run(neuron, state, CURRENTS)
    for chunk in (CURRENTS[:4], CURRENTS[4:]):
        state, spikes = run(neuron, state, chunk)
        pieces.append(spikes)
    jax.tree.map(np.testing.assert_array_equal, (state, np.concatenate(pieces)), whole)


# --- Leaves and choices ---------------------------------------------------------------------------


@every_model
def test_numbers_are_operands_and_options_are_programs(model):
    traces = []

    @jax.jit
    def step(neuron, state, current):
        traces.append(neuron)
        return neuron.step(state, current)

    current = np.ones(3, np.float32)
    state = model.init_state(model(), current)

    def programs(neuron):
        before = len(traces)
        step(neuron, state, current)
        step(jax.tree.map(lambda number: 0.9 * number, neuron), state, current)
        return len(traces) - before

    assert programs(model()) == 1
    for name, field in fields(model).items():
        middle = max(field.metadata["low"], -1) / 2 + min(field.metadata["high"], 1) / 2
        assert programs(model(**{name: middle})) == 0
    for name in fields(model, "surrogate"):
        assert programs(model(**{name: ATan()})) == 1
    for name, field in fields(model, "option").items():
        for choice in set(field.metadata["choices"]) - {field.default}:
            assert programs(model(**{name: choice})) == 1


@every_model
def test_instance_is_a_frozen_pytree(model):
    neuron = model()
    assert jax.tree.map(lambda leaf: leaf, neuron) == neuron == model()
    assert hash(neuron) == hash(model())
    surrogates = [getattr(neuron, name) for name in fields(model, "surrogate")]
    numbers = [getattr(neuron, name) for name in fields(model)]
    assert sorted(jax.tree.leaves(neuron)) == sorted([*numbers, *jax.tree.leaves(surrogates)])
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
            kinds = [{name: kind()} for name in fields(model, "surrogate") for kind in (ATan, Erf)]
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
    kinds = [fields(model, kind) for kind in ("param", "option", "surrogate")]
    assert sum(map(len, kinds)) == len(dataclasses.fields(model))
    assert model.spiking == bool(fields(model, "surrogate"))
    for field in dataclasses.fields(model):
        assert field.metadata["doc"]
    for field in fields(model).values():
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
    check_learnable(model(), tuple(fields(model)))
    for name in ("nonsense", *fields(model, "option"), *fields(model, "surrogate")):
        expected = (
            f"{model.__name__} has no number {name!r} to learn; "
            f"expected one of {sorted(fields(model))}"
        )
        with pytest.raises(ValueError, match=re.escape(expected)):
            check_learnable(model(), (name,))


# --- Files ----------------------------------------------------------------------------------------


def test_registry_is_the_folder():
    files = {path.stem for path in Path(spikejax.neurons.__file__).parent.glob("*.py")}
    assert set(NEURONS) == files - {"__init__", "base"}
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
    assert [value for value in own if hasattr(value, "step")] == [NEURONS[name]]
    assert set(own) == {NEURONS[name], NEURONS[name].State}
    assert module.__doc__


@every_model
def test_docstring_has_a_source_and_an_example(model):
    assert "Reference:" in model.__doc__ and ">>> " in model.__doc__
    assert f"`{model.__name__}`" in model.State.__doc__  # not the one that NamedTuple writes
