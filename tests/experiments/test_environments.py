"""The environments of other libraries: made once for their pins, of a Python that is new enough, or a clear line."""

import sys
from dataclasses import replace

import pytest

from experiments.peers import environments


def test_an_environment_is_made_once_for_its_pins(monkeypatch, tmp_path):
    made = []

    def install(folder, python, pins):
        python.parent.mkdir(parents=True)
        made.append(pins)

    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "_install", install)
    for _ in range(2):
        assert environments.interpreter("spyx") == tmp_path / "spyx" / "bin" / "python"
    pins = environments.PINS["spyx"]
    monkeypatch.setitem(environments.PINS, "spyx", replace(pins, requirements=("spyx==2.0.0",)))
    environments.interpreter("spyx")
    assert len(made) == 2


@pytest.mark.parametrize(
    ("uv", "said"),
    [(None, "there is no uv that could"), (sys.executable, "uv neither finds nor downloads 9.0$")],
)
def test_a_library_that_needs_a_newer_python_than_there_is_is_told(monkeypatch, tmp_path, uv, said):
    # As uv, this Python fails: it has no script named "venv".
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments.shutil, "which", lambda name: uv)
    pins = replace(environments.PINS["spyx"], python=(9, 0))
    monkeypatch.setitem(environments.PINS, "spyx", pins)
    with pytest.raises(environments.Unavailable, match=f"^spyx needs Python 9.0 or newer.*{said}"):
        environments.interpreter("spyx")


def test_an_environment_may_be_of_another_python(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments.shutil, "which", lambda name: name)
    monkeypatch.setattr(
        environments,
        "_run",
        lambda *command: (tmp_path / "spyx").mkdir(exist_ok=True) or commands.append(command),
    )
    pins = environments.PINS["spyx"]
    for python, wanted in (((9, 0), "9.0"), ((3, 11), sys.executable)):
        monkeypatch.setitem(environments.PINS, "spyx", replace(pins, python=python))
        environments.interpreter("spyx")
        assert commands[-2] == ("uv", "venv", "--python", wanted, str(tmp_path / "spyx"))


def test_a_library_that_does_not_install_is_told_in_one_line(monkeypatch, tmp_path):
    def install(folder, python, pins):
        environments._run(sys.executable, "-c", "raise SystemExit('first\\nno such version')")

    monkeypatch.setattr(environments, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "_install", install)
    with pytest.raises(environments.Unavailable, match="cannot be installed: no such version$"):
        environments.interpreter("spyx")
