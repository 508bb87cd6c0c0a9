"""The points of a sweep: read from text, or drawn at random."""

import re

import numpy as np
import pytest

from spikejax.sweeps import grid

UNFIT = ["beta1", "beta1=", "=1", "a=1,,2", "a=1,1", "a=2..1", "a=0..1:log", "a=x..y", "a=inf"]


@pytest.mark.parametrize("text", [*UNFIT, "a=0..inf"])
def test_axes_that_cannot_be(text):
    with pytest.raises(ValueError, match="expected"):
        grid.parse_axis(text)


@pytest.mark.parametrize("text", ["3..1", "a", "1,1", "-1", "", "3000000000"])
def test_seeds_that_cannot_be(text):
    with pytest.raises(ValueError, match="expected"):
        grid.parse_seeds(text)


def test_values_are_read():
    assert grid.parse_axis("a=1,-2.5,1e-3") == ("a", (1.0, -2.5, 1e-3))
    assert grid.parse_axis("a.b=code, paper") == ("a.b", ("code", "paper"))
    assert grid.parse_axis("detach=true,false") == ("detach", (True, False))


def test_points_drawn_at_random():
    axes = {"a": grid.Range(0.0, 1.0), "lr": grid.Range(1e-4, 1e-2, log=True), "b": (3.0, 5.0)}
    points = grid.draw(axes, 500)
    assert points == grid.draw(axes, 500) != grid.draw(axes, 500, seed=1)
    drawn = {name: np.array([point[name] for point in points]) for name in axes}
    assert 0 <= drawn["a"].min() and drawn["a"].max() <= 1 and abs(drawn["a"].mean() - 0.5) < 0.05
    assert 1e-4 <= drawn["lr"].min() and drawn["lr"].max() <= 1e-2
    assert abs(np.log10(drawn["lr"]).mean() + 3) < 0.1
    assert set(drawn["b"]) == {3.0, 5.0}
    assert len(grid.draw({"a": (1.0, 2.0), "b": (3.0, 5.0)}, 4)) == 4
    with pytest.raises(ValueError, match="expected axes with 5 different points, found 4"):
        grid.draw({"a": (1.0, 2.0), "b": (3.0, 5.0)}, 5)


@pytest.mark.parametrize(
    "make, found",
    [
        (lambda: grid.parse_seeds("0..2147483646"), "2,147,483,647"),
        (lambda: grid.draw({"a": grid.Range(0, 1)}, 2_000_000_000), "2,000,000,000"),
        (lambda: grid.product(dict.fromkeys("abcd", range(399))), "25,344,958,401"),
    ],
)
def test_too_many_are_counted_and_not_made(make, found):
    with pytest.raises(ValueError, match=f"at most 100,000 .* in a sweep, found {found}"):
        make()


@pytest.mark.parametrize("values", [0.1, "code", None, {"b": 1}, np.float64(0.5)])
def test_an_axis_that_is_one_value(values):
    with pytest.raises(ValueError, match=re.escape(f"; give [{values!r}]")):
        grid.product({"a": values})
    with pytest.raises(ValueError, match=r"values of a as a list, found .*; give list\(…\)"):
        grid.product({"a": iter([values])})


def test_equal_values_of_an_axis():
    with pytest.raises(ValueError, match="expected different values, found 'gain=1,1.0'"):
        grid.parse_axis("gain=1,1.0")
