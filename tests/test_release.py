"""What a release needs: one version, workflows that call what is there, distributions that install and run."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
import yaml

import spikejax
from experiments.render import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHONS = [
    name.rpartition(" ")[2]
    for name in PYPROJECT["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", name)
]


def by_name(paths):
    return {"argvalues": paths, "ids": [path.name for path in paths]}


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", **by_name(WORKFLOWS))
def test_a_workflow_calls_what_is_there(path):
    made = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    jobs = read(path)["jobs"]
    for job in jobs.values():
        assert set([job["needs"]] if "needs" in job else []) <= set(jobs)
        if "uses" in job:
            assert (ROOT / job["uses"]).exists()
            continue
        steps = job["steps"]
        assert all(("uses" in step) != ("run" in step) for step in steps)
        called = re.findall(r"\bmake ([\w-]+)", "\n".join(step.get("run", "") for step in steps))
        assert set(called) <= made
        versions = job.get("strategy", {}).get("matrix", {}).get("python-version", PYTHONS)
        assert versions == PYTHONS


def test_pythons_are_those_that_are_allowed():
    assert PYPROJECT["requires-python"] == f">={PYTHONS[0]}"


def test_only_the_release_may_publish():
    for path in WORKFLOWS:
        permissions = [
            read(path)["permissions"],
            *(j.get("permissions") for j in read(path)["jobs"].values()),
        ]
        may = [
            name
            for given in permissions
            if given
            for name, kind in given.items()
            if kind == "write"
        ]
        assert may == (["id-token"] if path.stem == "release" else []), path.name


@pytest.mark.parametrize("path", **by_name(FORMS))
def test_an_issue_form_asks_each_question_once(path):
    form = read(path)
    assert form["name"] and form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids)) and any("attributes" in field for field in form["body"])


def test_the_citation_agrees_with_the_metadata():
    citation = read(ROOT / "CITATION.cff")
    assert citation["title"] == PYPROJECT["name"] and citation["license"] == PYPROJECT["license"]
    assert [a["name"] for a in citation["authors"]] == [a["name"] for a in PYPROJECT["authors"]]
    assert "version" not in citation  # it would be a second one


def test_the_changelog_knows_the_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert spikejax.__version__ in text


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    if shutil.which("uv"):
        command = ["uv", "build", "--quiet", "--out-dir", str(out)]
    elif importlib.util.find_spec("build"):
        command = [sys.executable, "-m", "build", "--outdir", str(out)]
    else:
        pytest.skip("neither uv nor build is installed")
    subprocess.run(command, cwd=ROOT, check=True)
    return out


@pytest.mark.slow
def test_distributions_hold_what_they_need(distributions):
    name = f"spikejax-{spikejax.__version__}"
    with tarfile.open(distributions / f"{name}.tar.gz") as archive:
        found = {member.name.partition("/")[2] for member in archive}
    assert {"LICENSE", "CHANGELOG.md", "CITATION.cff", "pyproject.toml"} <= found
    assert not [path for path in found if path.startswith(("tests", "experiments", "docs"))]
    (wheel,) = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    assert {
        "spikejax/py.typed",
        "spikejax/data/digits.npz",
        "spikejax/data/digits.LICENCE.txt",
    } <= packed
    assert "spikejax/catalogue/evidence.json" in packed
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "spikejax").rglob("*.py")}
    assert {path for path in packed if path.endswith(".py")} == sources


@pytest.mark.slow
def test_the_wheel_runs_in_an_environment_of_its_own(distributions, tmp_path):
    if not shutil.which("uv"):
        pytest.skip("uv is not installed; without it a gigabyte is downloaded")
    (wheel,) = distributions.glob("*.whl")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        ["uv", "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")], check=True
    )
    subprocess.run(
        ["uv", "pip", "install", "--quiet", "--python", str(python), str(wheel)], check=True
    )
    shown = "m.version('spikejax'), spikejax.__version__, spikejax.__file__"
    code = f"import importlib.metadata as m, spikejax; print({shown})"
    alone = {"cwd": tmp_path, "env": {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}}
    found = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True, **alone
    )
    metadata, version, file = found.stdout.split()
    assert metadata == version == spikejax.__version__ and file.startswith(str(tmp_path))
    command = [
        python.parent / "spikejax",
        "train",
        "digits",
        "--epochs",
        "1",
        "--hidden",
        "8",
        "8",
        "--out",
        "run",
    ]
    subprocess.run(command, capture_output=True, check=True, **alone)
    assert (tmp_path / "run" / "record.json").exists()
