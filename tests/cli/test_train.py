"""`spikejax train` and `eval`, as a person meets them: what they print, what they write and how they refuse."""

import csv
import json
import signal
import subprocess
import sys
import time

import pytest

from spikejax.cli.commands import main
from spikejax.data.digits import FILE
from spikejax.runs import record
from spikejax.training import checkpoint
from toy import plain

SMALL = ["--hidden", "8", "8", "--epochs", "1", "--batch-size", "256", "--quiet"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished folder of two neurons, and what was printed of it is not looked at."""
    out = tmp_path_factory.mktemp("runs") / "digits"
    assert main(["train", "digits", "--neuron", "lif", "tc_lif", "--out", str(out), *SMALL]) == 0
    return out


def message(capsys, *arguments, code=1):
    """What a refused command says, which must be one line."""
    assert main(list(map(str, arguments))) == code
    text = capsys.readouterr().err.strip()
    assert text.startswith("spikejax: ") and "\n" not in text
    return text


def test_a_record_that_scripts_can_read(trained):
    result = record.read(trained / "record.json")
    assert result["complete"] is True
    assert list(result["metrics"]) == list(result["history"]) == ["lif", "tc_lif"]
    for values in result["metrics"].values():
        assert 0 <= values["test_accuracy"] <= 1
        assert values["seconds"] > 0 and values["peak_memory_mb"] > 50
        assert set(values["firing_rate"]) == {"neuron_0", "neuron_1"}
    lif, tc_lif = (result["metrics"][name]["parameters"] for name in ("lif", "tc_lif"))
    # 1-8-8-10 with biases and two recurrent layers; TC-LIF learns two parameters per layer.
    assert lif == (8 + 8) + (64 + 8) * 3 + (80 + 10) and tc_lif == lif + 4
    for picture in ("learning_curves.png", "raster.png"):
        assert (trained / picture).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_eval_measures_what_training_recorded(trained, capsys):
    assert main(["eval", str(trained), "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    for name, values in record.read(trained / "record.json")["metrics"].items():
        assert measured[name]["test_accuracy"] == pytest.approx(values["test_accuracy"], abs=1e-6)
        assert measured[name]["firing_rate"] == pytest.approx(values["firing_rate"], abs=1e-6)
        assert measured[name]["steps"] == 5  # 1,437 samples in batches of 256
    assert main(["eval", str(trained)]) == 0
    assert "tc_lif: test accuracy" in capsys.readouterr().out
    assert main(["eval", str(trained / "lif")]) == 0
    assert capsys.readouterr().out.startswith("lif: test accuracy")


def test_a_finished_run_resumes_to_the_same_table(trained, capsys):
    before = record.read(trained / "record.json")
    run = ["train", "digits", "--neuron", "lif", "tc_lif", "--out", str(trained), *SMALL]
    assert main([*run, "--resume"]) == 0
    printed = capsys.readouterr().out
    assert record.read(trained / "record.json") == before
    columns = ("neuron", "parameters", "test accuracy", "firing rate per layer", "seconds")
    assert all(text in printed for text in (*columns, "record.json", "CC BY 4.0"))
    assert f"{100 * before['metrics']['lif']['test_accuracy']:.2f} %" in printed
    assert main([*run, "--resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == before


def test_a_run_folder_is_not_overwritten_unasked(trained, tmp_path, capsys):
    run = ["train", "digits", "--neuron", "lif", "tc_lif", *SMALL, "--out"]
    text = message(capsys, *run, trained)
    assert "holds a run; resume it" in text and text.endswith("(--resume, --overwrite, --out)")
    assert (trained / "record.json").exists()
    text = message(capsys, *run, trained, "--resume", "--hidden", "9")
    assert "runs.lif.network.hidden was [8, 8] and is [9]" in text
    (tmp_path / "letter.txt").write_text("mine")
    for flags in ([], ["--overwrite"], ["--resume"]):
        text = message(capsys, *run, tmp_path, *flags)
        assert "not a run folder" in text and text.endswith("choose another folder (--out)")
    assert (tmp_path / "letter.txt").read_text() == "mine"
    assert "found both" in message(capsys, *run, trained, "--overwrite", "--resume")


def test_several_seeds(tmp_path, capsys):
    """In one program per neuron; the table has mean and deviation."""
    out = tmp_path / "run"
    run = ["train", "digits", "--neuron", "lif", *SMALL, "--seeds", "0..2", "--out", str(out)]
    assert main(run) == 0
    printed = capsys.readouterr().out
    metrics = record.read(out / "record.json")["metrics"]["lif"]
    mean, deviation = (100 * metrics[f"test_accuracy{end}"] for end in ("", "_std"))
    assert f"{mean:.2f} % ± {deviation:.2f} %" in printed and metrics["seeds"] == 3


def test_what_is_logged(tmp_path, capsys):
    """Into the folder of each neuron; another run there begins with none of it."""
    out = tmp_path / "run"
    run = ["train", "digits", "--neuron", "lif", "tc_lif", *SMALL, "--out", str(out)]
    assert main([*run, "--log", "csv", "tensorboard"]) == 0
    for name, entries in record.read(out / "record.json")["history"].items():
        with open(out / name / "history.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["test_accuracy"] for row in rows] == [str(e["test_accuracy"]) for e in entries]
        assert len(list((out / name / "tensorboard").iterdir())) == 1
    assert main([*run[:4], *SMALL, "--out", str(out / "lif"), "--overwrite"]) == 0
    assert not {"history.csv", "tensorboard"} & {path.name for path in (out / "lif").iterdir()}
    text = message(capsys, *run[:-1], tmp_path / "new", "--log", "csv", "--seeds", "0,1", code=2)
    assert "trials.csv has all epochs" in text and not (tmp_path / "new").exists()


def test_a_time_budget(tmp_path, capsys):
    out = tmp_path / "run"
    run = ["train", "digits", "--neuron", "lif", *SMALL, "--out", str(out), "--resume"]
    codes = [main([*run, "--seconds", "0"])]
    said = capsys.readouterr()
    assert "not complete: the 0 seconds are over: stopped after step 1 of 5" in said.out
    while codes[-1] != 0:
        codes.append(main([*run, "--seconds", "0"]))
    assert codes == [124] * 4 + [0]
    assert record.read(out / "record.json")["complete"]


def test_a_network_without_neurons(tmp_path, capsys):
    flags = ["--network", "lstm", "--units", "6", "--epochs", "1", "--batch-size", "256", "--quiet"]
    assert main(["train", "digits", *flags, "--out", str(tmp_path / "run")]) == 0
    assert "lstm" in capsys.readouterr().out
    assert main(["eval", str(tmp_path / "run")]) == 0


def test_a_missing_data_set_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    run = ["train", "smnist", "--out", tmp_path / "run", "--data-dir", tmp_path / "nowhere"]
    text = message(capsys, *run)
    for part in ("train-images-idx3-ubyte.gz", "SPIKEJAX_DATA_DIR", "--data-dir", "--download"):
        assert part in text
    text = message(capsys, "info", "--plan", *run[1:])
    assert "--data-dir" in text and "--download" not in text
    assert not (tmp_path / "run").exists()


def test_a_diverging_run_says_so_and_keeps_its_record(tmp_path, capsys):
    out = tmp_path / "run"
    flags = ["--learning-rate", "1e38", "--schedule", "constant"]
    text = message(capsys, "train", "digits", "--neuron", "lif", *SMALL, *flags, "--out", out)
    assert "at step" in text and "lower learning rate" in text
    result = record.read(out / "record.json")
    assert result["complete"] is False and "at step" in result["provenance"]["incomplete"]


def test_a_damaged_checkpoint_is_named_and_the_record_stays(trained, capsys):
    before = record.read(trained / "lif" / "record.json")
    notes = next((trained / "lif" / "last").glob("save_*.json"))
    text = notes.read_text()
    try:
        notes.write_text("{broken")
        assert str(notes) in message(capsys, "eval", trained)
        assert record.read(trained / "lif" / "record.json") == before
    finally:
        notes.write_text(text)
    assert main(["eval", str(trained)]) == 0


def test_the_data_of_a_run_may_not_change(trained, tmp_path, monkeypatch, capsys):
    (tmp_path / "digits.npz").write_bytes(FILE.read_bytes()[:-1])
    monkeypatch.setattr("spikejax.data.digits.FILE", tmp_path / "digits.npz")
    monkeypatch.setattr("spikejax.data.digits.read.__defaults__", (tmp_path / "digits.npz",))
    assert "expected sha256" in message(capsys, "eval", trained)


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path):
    """A real process and a real signal; resumed, it ends as if nothing had happened."""
    flags = ["digits", "--neuron", "lif", "--hidden", "4", "--recurrent", "--batch-size", "256"]
    flags += ["--schedule", "constant", "--quiet"]
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    start = [sys.executable, "-m", "spikejax", "train", *flags, "--epochs", str(10**6)]
    with subprocess.Popen([*start, "--out", str(cut)], stderr=subprocess.PIPE, text=True) as run:
        while not checkpoint.exists(cut / "last") and run.poll() is None:
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        said = run.communicate()[1]
    assert run.returncode == 130, said
    assert "saved; continue with the same command and --resume" in said
    stopped = record.read(cut / "record.json")
    assert stopped["complete"] is False and "stopped after" in stopped["provenance"]["incomplete"]
    epochs = len(stopped["history"]) + 2
    for out in (cut, whole):
        command = ["train", *flags, "--epochs", str(epochs), "--out", str(out), "--resume"]
        assert main(command) == 0
    first, second = (record.read(out / "record.json") for out in (cut, whole))
    assert first["complete"] and second["complete"] and len(first["history"]) == epochs
    assert plain(first["history"]) == plain(second["history"])
