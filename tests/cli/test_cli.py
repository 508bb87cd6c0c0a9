"""The command line, as a person meets it: what it prints, what it writes and how it refuses."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from spikejax.cli.flags import parse_job
from spikejax.cli.main import main
from spikejax.neurons import NEURONS
from spikejax.neurons.core.parameters import for_steps
from spikejax.neurons.lif import LIF
from spikejax.neurons.tc_lif import TCLIF
from spikejax.runs import record
from spikejax.runs import training as job
from spikejax.runs.folder import open_run
from spikejax.surrogate import ATan, Triangle
from spikejax.training import checkpoint

SMALL = ["--hidden", "8", "8", "--epochs", "1", "--batch-size", "256", "--json"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run folder of two neurons."""
    out = tmp_path_factory.mktemp("runs") / "digits"
    assert main(["train", "digits", "--neuron", "lif", "tc_lif", "--out", str(out), *SMALL]) == 0
    return out


def message(capsys, *arguments, code=1):
    """What a refused command says, which must be one line."""
    assert main(list(map(str, arguments))) == code
    text = capsys.readouterr().err.strip()
    assert text.startswith("spikejax: ") and "\n" not in text
    return text


def test_a_run_writes_its_record_pictures_and_checkpoints(trained):
    result = record.read(trained / "record.json")
    assert result["complete"] is True
    assert list(result["metrics"]) == list(result["history"]) == ["lif", "tc_lif"]
    for values in result["metrics"].values():
        assert set(values) == {
            "test_accuracy",
            "parameters",
            "firing_rate",
            "seconds",
            "peak_memory_mb",
        }
        assert (
            0 <= values["test_accuracy"] <= 1
            and values["seconds"] > 0
            and values["peak_memory_mb"] > 50
        )
        assert set(values["firing_rate"]) == {"neuron_0", "neuron_1"}
    lif, tc_lif = (result["metrics"][name]["parameters"] for name in ("lif", "tc_lif"))
    # 1-8-8-10 with biases and two recurrent layers; TC-LIF learns two numbers a layer.
    assert lif == (8 + 8) + (64 + 8) * 3 + (80 + 10) and tc_lif == lif + 4
    assert (
        result["provenance"]["data"]["name"] == "digits"
        and len(result["provenance"]["data"]["sha256"]) == 64
    )
    for picture in ("learning_curves.png", "raster.png"):
        assert (trained / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert checkpoint.exists(trained / "lif") and checkpoint.exists(trained / "tc_lif")


def test_eval_measures_what_training_recorded(trained, capsys):
    assert main(["eval", str(trained), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    for name, values in record.read(trained / "record.json")["metrics"].items():
        assert measured[name]["test_accuracy"] == pytest.approx(values["test_accuracy"], abs=1e-6)
        assert measured[name]["firing_rate"] == pytest.approx(values["firing_rate"], abs=1e-6)
        assert measured[name]["steps"] == 5  # 1,437 samples in batches of 256
    assert main(["eval", str(trained)]) == 0
    assert "tc_lif: test accuracy" in capsys.readouterr().out


def test_a_finished_run_resumes_to_the_same_table(trained, capsys):
    before = record.read(trained / "record.json")
    arguments = [
        "train",
        "digits",
        "--neuron",
        "lif",
        "tc_lif",
        "--out",
        str(trained),
        *SMALL[:-1],
        "--resume",
    ]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    after = record.read(trained / "record.json")
    assert after["metrics"] == before["metrics"] and after["history"] == before["history"]
    for text in (
        "neuron",
        "parameters",
        "test accuracy",
        "firing rate per layer",
        "seconds",
        "record.json",
    ):
        assert text in printed
    assert f"{100 * before['metrics']['lif']['test_accuracy']:.2f} %" in printed


def test_a_run_folder_is_not_overwritten_unasked(trained, tmp_path, capsys):
    run = ["train", "digits", "--neuron", "lif", *SMALL, "--out"]
    assert "--resume" in message(capsys, *run, trained) and (trained / "record.json").exists()
    text = message(capsys, *run, trained, "--resume")
    assert "neurons.tc_lif" in text and "other settings" in text
    (tmp_path / "letter.txt").write_text("mine")
    assert "not a run folder" in message(capsys, *run, tmp_path, "--overwrite")
    assert (tmp_path / "letter.txt").read_text() == "mine"


def test_a_checkpoint_of_another_architecture_names_the_leaf(trained, tmp_path, capsys):
    other = tmp_path / "other"
    flags = ["--hidden", "8", "9", *SMALL[3:]]
    assert main(["train", "digits", "--neuron", "lif", "--out", str(other), *flags]) == 0
    capsys.readouterr()
    (trained / "lif").rename(tmp_path / "saved")
    try:
        (other / "lif").rename(trained / "lif")
        text = message(capsys, "eval", trained)
    finally:
        (trained / "lif").rename(tmp_path / "foreign")
        (tmp_path / "saved").rename(trained / "lif")
    assert "another architecture" in text and "kernel" in text
    assert "float32[8, 8]" in text and "float32[8, 9]" in text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["trian"], "unknown command 'trian'; did you mean train"),
        (["train"], "expected a task after train: digits, smnist, psmnist"),
        (["train", "digit"], "unknown task 'digit'; did you mean digits?"),
        (["train", "digits", "--neuron", "tclif"], "unknown neuron 'tclif'; did you mean tc_lif"),
        (
            ["train", "digits", "--surrogate", "arctan"],
            "unknown surrogate 'arctan'; did you mean atan",
        ),
        (
            ["train", "digits", "--learn", "c3"],
            "unknown number to learn 'c3'; did you mean c2, c1?",
        ),
        (["data", "smnits"], "unknown data set 'smnits'; did you mean smnist"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(arguments, expected, capsys):
    assert expected in message(capsys, *arguments, code=2)


def test_an_unknown_flag_is_answered_with_the_nearest(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", "digits", "--epoch", "3"])
    assert stop.value.code == 2
    said = capsys.readouterr()
    assert "--epochs" in said.err + said.out


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--chunk", "65"], "expected a chunk from 1 to T=64 steps, found 65"),
        (["--batch-size", "2000"], "expected a batch size from 1 to the 1437 samples, found 2000"),
        (["--recurrent", "2"], "names [2], expected hidden layers 0 to 1"),
        (["--lif.decay", "1.5"], "LIF.decay must lie in [0, 1], found 1.5"),
    ],
)
def test_settings_that_cannot_be_are_refused(flags, expected, tmp_path, capsys):
    run = ["train", "digits", "--neuron", "lif", "--out", tmp_path / "run", *SMALL, *flags]
    assert expected in message(capsys, *run)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--hidden", "0"], "expected at least one hidden layer of at least 1 neuron, found (0,)"),
        (["--hidden"], "expected at least one hidden layer of at least 1 neuron, found ()"),
        (
            ["--epochs", "0"],
            "expected at least 1 epoch and a batch size of at least 1, found 0 epochs",
        ),
        (["--learning-rate", "nan"], "expected a learning rate above 0, found nan"),
        (["--truncate"], "truncate cuts the gradient between chunks; give a chunk"),
    ],
)
def test_flags_that_cannot_be_are_refused(flags, expected, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["train", "digits", *flags])
    assert stop.value.code == 2
    assert expected in " ".join(capsys.readouterr().err.split())


def test_a_missing_data_set_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    run = ["train", "smnist", "--out", tmp_path / "run", "--data-dir", tmp_path / "nowhere"]
    assert main(list(map(str, run))) == 1
    text = capsys.readouterr().err
    for part in ("train-images-idx3-ubyte.gz", "SPIKEJAX_DATA_DIR", "--data-dir", "--download"):
        assert part in text
    assert not (tmp_path / "run").exists()


def test_a_diverging_run_says_so_and_keeps_its_record(tmp_path, capsys):
    out = tmp_path / "run"
    run = [
        "train",
        "digits",
        "--neuron",
        "lif",
        *SMALL,
        "--learning-rate",
        "1e38",
        "--drops",
        "1",
        "--out",
        out,
    ]
    text = message(capsys, *run)
    assert "the loss is" in text and "at step" in text and "lower learning rate" in text
    result = record.read(out / "record.json")
    assert result["complete"] is False and "the loss is" in result["provenance"]["incomplete"]


def test_flags_reach_the_neurons():
    arguments = "digits --neuron lif tc_lif --tc-lif.gamma 0.7 --tc-lif.order paper --lif.reset zero --lif.detach-reset"
    wanted, flags = parse_job([*arguments.split(), "--hidden", "5", "--seed", "3", "--out", "here"])
    assert wanted.neurons == {
        "lif": LIF(reset="zero", detach_reset=True),
        "tc_lif": TCLIF(gamma=0.7, order="paper"),
    }
    assert wanted.learn == {"lif": (), "tc_lif": ("c1", "c2")}
    assert (
        wanted.settings.hidden == (5,) and wanted.settings.seed == 3 and flags.out == Path("here")
    )


def test_a_surrogate_is_chosen_by_name_and_set_by_number():
    wanted, _ = parse_job(
        ["digits", "--neuron", "lif", "--surrogate", "atan", "--lif.surrogate.slope", "5"]
    )
    assert wanted.neurons["lif"].surrogate == ATan(slope=5.0)
    wanted, _ = parse_job(
        ["digits", "--neuron=lif", "--lif.surrogate.width", "0.5", "--learn", "decay"]
    )
    assert wanted.neurons["lif"].surrogate == Triangle(width=0.5) and wanted.learn["lif"] == (
        "decay",
    )


@pytest.mark.parametrize("name", NEURONS)
def test_every_neuron_has_flags_and_survives_a_record(name):
    feed_forward = [] if hasattr(NEURONS[name], "step") else ["--recurrent"]
    wanted, _ = parse_job(["digits", "--neuron", name, *feed_forward])
    assert wanted.neurons == {name: for_steps(NEURONS[name](), 64)}  # T of the digits
    assert job.from_config(json.loads(json.dumps(wanted.config()))) == wanted


def test_the_tasks_carry_the_settings_of_the_papers():
    smnist, _ = parse_job(["smnist"])
    assert smnist.settings.hidden == (40, 200, 64) and smnist.settings.recurrent == (0, 1)
    assert (smnist.settings.batch_size, smnist.settings.learning_rate, smnist.settings.drops) == (
        256,
        5e-4,
        (60, 80),
    )
    neuron = smnist.neurons["tc_lif"]
    np.testing.assert_allclose([neuron.beta1, neuron.beta2], [-0.8, 0.4], rtol=1e-6)
    psmnist, _ = parse_job(["psmnist"])
    neuron = psmnist.neurons["tc_lif"]
    np.testing.assert_allclose([neuron.beta1, neuron.beta2], [-0.2, 0.8], rtol=1e-6)


def test_neurons_lists_every_model(capsys):
    assert main(["neurons", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in entries] == list(NEURONS)
    for entry in entries:
        assert (
            "[t]" in entry["equation"] or "/dt" in entry["equation"] or "dt)" in entry["equation"]
        )
        assert entry["reference"] and entry["fields"]
    assert main(["neurons"]) == 0
    assert "U[t] = decay U[t−1] + g I[t]" in capsys.readouterr().out


def test_info_and_data_print_for_scripts(capsys):
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"]["jax"] == jax.__version__
    assert main(["data", "digits", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["licence"] == "CC BY 4.0" and facts["looked in"][0]["found"] is True


def test_a_setting_that_cannot_be_costs_nothing(trained, tmp_path, capsys):
    """Neither the run that --overwrite would delete, nor a folder that the corrected command would meet."""
    before = (trained / "record.json").read_text()
    run = ["train", "digits", "--neuron", "lif", "tc_lif", *SMALL, "--chunk", "65"]
    message(capsys, *run, "--overwrite", "--out", trained)
    assert (trained / "record.json").read_text() == before and checkpoint.exists(trained / "lif")
    message(capsys, *run, "--out", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_overwrite_starts_anew(tmp_path, capsys):
    out = tmp_path / "run"
    run = ["train", "digits", "--neuron", "lif", *SMALL, "--out", str(out)]
    assert main(run) == 0
    assert main([*run, "--seed", "1", "--overwrite"]) == 0
    result = record.read(out / "record.json")
    assert result["config"]["settings"]["seed"] == 1 and "resumed" not in result["provenance"]
    assert "found both" in message(capsys, *run, "--overwrite", "--resume")


def test_a_longer_training_continues_a_shorter_one(tmp_path, capsys):
    """With a schedule that does not depend on the end; otherwise the rates before would have been others."""
    flags = [
        "digits",
        "--neuron",
        "lif",
        "--hidden",
        "4",
        "--recurrent",
        "--batch-size",
        "256",
        "--json",
    ]
    drops = ["--drops", "9"]
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    assert main(["train", *flags, *drops, "--epochs", "1", "--out", str(cut)]) == 0
    assert main(["train", *flags, *drops, "--epochs", "2", "--out", str(cut), "--resume"]) == 0
    assert main(["train", *flags, *drops, "--epochs", "2", "--out", str(whole)]) == 0
    first, second = (record.read(out / "record.json") for out in (cut, whole))
    assert first["config"] == second["config"] and len(first["provenance"]["resumed"]) == 1
    for a, b in zip(first["history"]["lif"], second["history"]["lif"], strict=True):
        assert {**a, "seconds": 0, "peak_memory_mb": 0} == {**b, "seconds": 0, "peak_memory_mb": 0}
    out = tmp_path / "cycle"
    assert main(["train", *flags, "--epochs", "1", "--out", str(out)]) == 0
    capsys.readouterr()
    text = message(capsys, "train", *flags, "--epochs", "2", "--out", out, "--resume")
    assert "settings.epochs was 1 and is 2" in text


def test_a_damaged_checkpoint_is_named_and_the_record_stays(trained, capsys):
    before = record.read(trained / "record.json")
    notes = next((trained / "lif").glob("save_*.json"))
    text = notes.read_text()
    try:
        notes.write_text("{broken")
        said = message(capsys, "eval", trained)
        assert str(notes.with_suffix("")) in said and "damaged" in said and "--overwrite" in said
        run = ["train", "digits", "--neuron", "lif", "tc_lif", *SMALL, "--resume", "--out", trained]
        assert "damaged" in message(capsys, *run)
        after = record.read(trained / "record.json")
        assert after["metrics"] == before["metrics"] and after["history"] == before["history"]
        assert after["complete"] is False and "damaged" in after["provenance"]["incomplete"]
    finally:
        notes.write_text(text)
        assert (
            main(
                [
                    "train",
                    "digits",
                    "--neuron",
                    "lif",
                    "tc_lif",
                    *SMALL,
                    "--resume",
                    "--out",
                    str(trained),
                ]
            )
            == 0
        )
    assert record.read(trained / "record.json")["complete"] is True


def test_a_folder_has_one_run_at_a_time(tmp_path):
    options = {"experiment": "x", "config": {}, "facts": {}}
    with open_run(tmp_path / "run", **options):
        with pytest.raises(BlockingIOError, match="another process is training"):
            with open_run(tmp_path / "run", **options, resume=True):
                pass
    assert record.read(tmp_path / "run" / "record.json")["complete"] is True


@pytest.mark.parametrize(
    "error", [OSError("no room"), KeyboardInterrupt()], ids=["full disk", "second ctrl-c"]
)
def test_every_end_is_in_the_record(error, tmp_path):
    with pytest.raises(type(error)), open_run(tmp_path / "run", "x", {}, {}):
        assert "still running" in (tmp_path / "run" / "record.json").read_text()
        raise error
    result = record.read(tmp_path / "run" / "record.json")
    assert (
        result["complete"] is False and type(error).__name__ in result["provenance"]["incomplete"]
    )


def test_what_a_killed_start_leaves_is_no_run(tmp_path):
    for name in (".lock", ".record.json.123"):
        (tmp_path / name).touch()
    with open_run(tmp_path, "x", {}, {}):
        pass
    assert record.read(tmp_path / "record.json")["complete"] is True


def test_a_run_on_other_data_is_not_continued(tmp_path):
    facts = {"data": {"sha256": "one"}}
    with open_run(tmp_path / "run", "x", {}, facts):
        pass
    with pytest.raises(ValueError, match="data.sha256 was one and is two"):
        with open_run(tmp_path / "run", "x", {}, {"data": {"sha256": "two"}}, resume=True):
            pass


def test_eval_wants_the_record_of_a_training(tmp_path, capsys):
    with open_run(tmp_path / "run", "x", {"batch": 3}, {}):
        pass
    assert "not the record of a training" in message(capsys, "eval", tmp_path / "run")


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path):
    """A real process and a real signal; resumed, it ends as if nothing had happened."""
    flags = [
        "digits",
        "--neuron",
        "lif",
        "--hidden",
        "4",
        "--recurrent",
        "--epochs",
        "4",
        "--batch-size",
        "16",
    ]
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    command = [sys.executable, "-m", "spikejax", "train", *flags, "--out", str(cut)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not checkpoint.exists(cut / "lif") and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130, said
    assert "saved; continue with the same command and --resume" in said
    result = record.read(cut / "record.json")
    assert result["complete"] is False and "stopped after" in result["provenance"]["incomplete"]
    for out in (cut, whole):
        assert main(["train", *flags, "--out", str(out), "--resume", "--json"]) == 0
    first, second = (record.read(out / "record.json") for out in (cut, whole))
    assert first["complete"] and second["complete"] and len(first["history"]["lif"]) == 4
    for a, b in zip(first["history"]["lif"], second["history"]["lif"], strict=True):
        assert {**a, "seconds": 0, "peak_memory_mb": 0} == {**b, "seconds": 0, "peak_memory_mb": 0}
