"""Files and colours: vectors where the name says so, and a colour for each line."""

import pytest

from spikejax import plot
from spikejax.runs import pictures


@pytest.mark.parametrize(
    "name, begins", [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.PDF", b"%PDF")]
)
def test_a_file_is_what_its_name_says(name, begins, tmp_path):
    made, axes = plot.figure()
    axes[0, 0].plot([0, 1], color=plot.colour(1))
    path = plot.save(made, tmp_path / name)
    assert path.read_bytes().startswith(begins)


def test_another_ending_is_refused(tmp_path):
    made, _ = plot.figure()
    with pytest.raises(ValueError, match="a file that ends in .png, .svg or .pdf, found .*a.jpg"):
        plot.save(made, tmp_path / "a.jpg")
    assert not list(tmp_path.iterdir())


def test_every_line_of_a_sweep_has_its_colour():
    assert len(set(plot.COLOURS)) == pictures.SHOWN == 7
    assert plot.colour(7) == plot.colour(0)


def test_lines_without_a_colour_have_those_of_the_library():
    _, axes = plot.figure()
    drawn = [axes[0, 0].plot([0, 1])[0].get_color() for _ in plot.COLOURS]
    assert drawn == list(plot.COLOURS)
