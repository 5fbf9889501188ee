"""The command line: what it writes, what it says, and how it refuses."""

import csv
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest
from PySide6.QtGui import QImage
from safetensors.numpy import load_file

from engine import Model
from engine import export as exports
from engine.data import NpzFile
from engine.io import save_weights
from engine.log import COLUMNS
from engine.schedules import ReduceLROnPlateau
from playground import __version__, app
from playground.cli import main
from playground.cli.exchange import Target
from playground.document import edits, files
from playground.document.examples import DEFAULT, example, examples
from playground.runner.messages import Load, Play, State, Step
from playground.runner.runner import Runner
from playground.runner.trials import check_sum
from playground.runs import files as files_of_runs
from tests.engine.data.writing import LABELS, PIXELS, write_folders, write_idx, write_npz

pytestmark = pytest.mark.slow


def run(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without a display."""
    variables = {
        k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    variables["PYTHONPATH"] = str(Path(__file__).parents[1])
    command = [sys.executable, "-m", "playground", *words]
    return subprocess.run(
        command,
        cwd=folder,
        env=variables | environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )


def metrics(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- export ------------------------------------------------------------------------------------------------------------


def test_an_export_proves_itself_and_a_wrong_one_ends_with_1(
    qapp, tmp_path: Path, capsys, monkeypatch
) -> None:
    assert main(["export", "xor", "--to", "numpy", "--out", str(tmp_path), "--steps", "3", "--prove"]) == 0
    said = capsys.readouterr().out
    assert "the first 3 losses" in said
    assert "Proved" in said
    real = exports.export

    def off(*arguments):
        files = real(*arguments)
        with np.load(tmp_path / "weights.npz") as file:
            np.savez(
                tmp_path / "weights.npz", **{name: file[name] * np.float32(1.001) for name in file.files}
            )
        return files

    monkeypatch.setattr(exports, "export", off)
    assert main(["export", "xor", "--to", "numpy", "--out", str(tmp_path), "--steps", "3", "--prove"]) == 1
    assert "gives other numbers" in capsys.readouterr().err


def test_an_export_tells_another_program_how_it_goes(qapp, tmp_path: Path, capsys) -> None:
    words = ["export", "xor", "--to", "numpy", "--out", str(tmp_path), "--steps", "3", "--prove", "--json"]
    assert main(words) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    shares = [one["share"] for one in said if "share" in one]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert str(tmp_path / "model.py") in next(one["written"] for one in said if "written" in one)
    rows = [one["row"] for one in said if "row" in one]
    assert [row["what"] for row in rows[:2]] == ["layer 0", "layer 1"]
    assert {row["where"].split()[0] for row in rows} <= {"sample", "zeros", "ones", "noise", "update"}
    assert said[-1] == {"holds": True}


def test_an_export_of_a_run_has_its_weights(qapp, tmp_path: Path) -> None:
    assert main(["train", "xor", "--epochs", "2", "--out", str(tmp_path / "run")]) == 0
    run_file, out = str(tmp_path / "run" / "run.chainrule"), tmp_path / "program"
    assert main(["export", run_file, "--to", "notebook", "--out", str(out), "--prove"]) == 0
    trained = {a.shape: a for a in load_file(tmp_path / "run" / "weights.safetensors").values()}
    with np.load(out / "weights.npz") as file:
        taken = {file[name].shape: file[name] for name in file.files}
    assert len(taken) == 4  # the names differ; no two have one shape
    assert taken.keys() == trained.keys()
    for shape, weights in trained.items():
        np.testing.assert_array_equal(taken[shape], weights)


def test_an_export_is_refused_in_words(qapp, tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    assert main(["export", "xor", "--to", "tikz", "--out", str(tmp_path)]) == 2
    assert main(["export", "xor", "--to", "numpy", "--out", str(tmp_path / "file" / "inside")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_it_is_exported_to_all_there_is() -> None:
    assert [target.value for target in Target] == list(exports.TARGETS)


# --- train -------------------------------------------------------------------------------------------------------------


def test_training_says_what_it_did_and_nothing_of_screens(tmp_path: Path) -> None:
    done = run(tmp_path, "train", "xor", "--epochs", "2", "--out", "out")
    assert done.returncode == 0
    assert "validation loss" in done.stdout
    assert "plugin" not in done.stdout + done.stderr, (
        "Qt speaks of a window manager to somebody who wants none"
    )


@pytest.mark.skipif(os.name != "posix", reason="these signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_as_its_last_epoch_would(
    qapp, tmp_path: Path, capsys, monkeypatch, number: int
) -> None:
    real = app.train

    def interrupted(project, epochs, progress, ending, *given):
        def note(done: int) -> None:
            progress(done)
            if done >= 3 and not ending:
                os.kill(os.getpid(), number)

        return real(project, epochs, note, ending, *given)

    monkeypatch.setattr(app, "train", interrupted)
    before = signal.getsignal(number)
    assert main(["train", "circle", "--epochs", "10000000", "--out", str(tmp_path)]) == 128 + number
    assert signal.Signals(number).name in capsys.readouterr().err
    assert signal.getsignal(number) is before
    assert int(metrics(tmp_path)[-1]["epoch"]) >= 3
    assert (tmp_path / "weights.safetensors").exists()


def test_training_writes_metrics_picture_and_weights(qapp, tmp_path: Path, capsys) -> None:
    out = tmp_path / "deep" / "result"
    assert main(["train", "xor", "--epochs", "3", "--out", str(out)]) == 0
    rows = metrics(out)
    assert tuple(rows[0]) == COLUMNS
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    weights = load_file(out / "weights.safetensors")
    assert {name: w.shape for name, w in weights.items()}["linear1.weight"][1] == 2
    picture = QImage(str(out / "picture.png"))
    assert (picture.width(), picture.height()) == app.PICTURE
    said = capsys.readouterr().out
    assert "epoch 3" in said
    loss = float(said.split("validation loss ")[1].split(" ")[0])
    assert loss == pytest.approx(float(rows[-1]["validation_loss"]), rel=1e-5)


def test_the_same_seed_gives_the_same_numbers_and_another_others(qapp, tmp_path: Path) -> None:
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        assert main(["train", "xor", "--epochs", "2", "--seed", seed, "--out", str(tmp_path / name)]) == 0
    a, b, c = ((tmp_path / name / "metrics.csv").read_bytes() for name in "abc")
    assert a == b != c
    a, b, c = (load_file(tmp_path / name / "weights.safetensors") for name in "abc")
    assert all((a[k] == b[k]).all() for k in a)
    assert any((a[k] != c[k]).any() for k in a)


@pytest.mark.parametrize("key", ["circle", "digits-cnn"])
def test_the_window_gives_the_same_numbers(key: str) -> None:
    project = example(key).project
    expected = app.train(project, 2, lambda _: None).frame()
    runner = Runner(own_process=True)
    runner.start()
    try:
        runner.send(Load(project))
        runner.send(Play())
        runner.send(Step("epoch"))
        frame = None
        while frame is None or frame.state is not State.PAUSED or frame.epoch < 2:
            newest = runner.take()
            if newest is not None:
                frame = newest
                if frame.state is State.PAUSED and frame.epoch < 2:
                    runner.send(Step("epoch"))
    finally:
        runner.stop()
    assert frame.epoch == 2
    np.testing.assert_array_equal(frame.log.rows, expected.log.rows)


def test_progress_is_told(monkeypatch) -> None:
    told: list[int] = []
    session = app.train(example("xor").project, 4, told.append)
    assert told[-1] == 4 == session.trainer.epoch
    assert told == sorted(told)
    assert session.state is State.PAUSED


def test_a_file_is_trained_like_an_example(qapp, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    files.save(example("xor").project, path)
    assert main(["train", str(path), "--epochs", "1", "--out", str(tmp_path / "file")]) == 0
    assert main(["train", "xor", "--epochs", "1", "--out", str(tmp_path / "example")]) == 0
    a, b = ((tmp_path / name / "metrics.csv").read_bytes() for name in ("file", "example"))
    assert a == b


def test_own_pictures_take_the_place_of_the_data(qapp, tmp_path: Path, capsys) -> None:
    few, ten = tmp_path / "few", tmp_path / "ten"
    few.mkdir()
    ten.mkdir()
    write_idx(few)
    write_idx(ten, labels=np.arange(12, dtype=np.uint8) % 10)
    words = ["train", "digits-mlp", "--epochs", "2", "--out", str(tmp_path / "out"), "--data"]
    assert main([*words, str(ten)]) == 0
    assert len(metrics(tmp_path / "out")) == 3
    capsys.readouterr()
    assert main([*words, str(few)]) == 0
    said = capsys.readouterr().err
    assert "now gives 3 values, as these data need." in said, "ten outputs are too many for three classes"
    assert "The loss is now" not in said
    assert main([*words, str(tmp_path / "gone")]) == 2
    assert f"--data {tmp_path / 'gone'} cannot be used. There is no" in capsys.readouterr().err


def test_a_table_and_the_column_to_be_told(qapp, tmp_path: Path, capsys) -> None:
    path = tmp_path / "t.csv"
    path.write_text("".join(["size;kind;price\n", *(f"{i},5;{'ab'[i % 2]};{3 * i},0\n" for i in range(40))]))
    words = ["train", "iris", "--epochs", "2", "--out", str(tmp_path / "out"), "--data", str(path)]
    assert main(words) == 0
    assert "price is the target: a number." in capsys.readouterr().err
    assert main([*words, "--target", "kind"]) == 0
    assert "kind is the target: 2 classes." in capsys.readouterr().err
    assert main([*words, "--target", "colour"]) == 2
    assert "has no column 'colour'; expected one of size, kind, price." in capsys.readouterr().err
    out = str(tmp_path / "program")
    exported = ["export", "iris", "--to", "numpy", "--out", out, "--steps", "0", "--data", str(path)]
    assert main([*exported, "--target", "kind"]) == 0
    assert "kind is the target: 2 classes." in capsys.readouterr().err


def test_a_column_is_told_of_a_table_alone(qapp, tmp_path: Path, capsys) -> None:
    """Nothing is said of --read, which nobody gave."""
    root = write_folders(tmp_path / "set", {"a": [(8, 8)] * 2, "b": [(8, 8)] * 2})
    for beside, what in (((), "there is no --data"), (("--data", str(root)), "has none")):
        assert main(["train", "iris", "--target", "price", "--out", str(tmp_path / "out"), *beside]) == 2
        said = capsys.readouterr().err
        assert "--target names a column" in said
        assert what in said
        assert "--read" not in said


def test_all_points_may_train(qapp, tmp_path: Path, capsys) -> None:
    """The four points of XOR: nothing validates, nothing tests, and the window that is drawn at the end copes."""
    data = write_npz(tmp_path, x=np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), y=np.array([0, 1, 1, 0]))
    every = example("xor").project.preparation.replace(train=1.0, validation=0.0, extra_features=())
    project = edits.set_source(example("xor").project, NpzFile(path=str(data)))
    project = edits.set_preparation(project, every)
    fit = project.fit.replace(batch_size=4, early_stopping=3, schedule=ReduceLROnPlateau())
    project = edits.set_fit(project, fit)
    files.save(project, tmp_path / "all.json")
    out = tmp_path / "out"
    assert main(["train", str(tmp_path / "all.json"), "--epochs", "20", "--out", str(out)]) == 0
    rows = metrics(out)
    assert rows
    assert all(row["train_loss"] and not row["validation_loss"] for row in rows)
    said = capsys.readouterr().out
    assert "train accuracy" in said
    assert "validation" not in said


def test_a_network_for_two_classes_learns_ten(qapp, tmp_path: Path, capsys) -> None:
    write_idx(tmp_path, pixels=np.zeros((20, 28, 28), np.uint8), labels=np.arange(20, dtype=np.uint8) % 10)
    words = [
        "train",
        "tutorial-mnist",
        "--epochs",
        "1",
        "--out",
        str(tmp_path / "out"),
        "--data",
        str(tmp_path),
    ]
    assert main(words) == 0
    said = capsys.readouterr().err
    assert "The loss is now Cross-entropy, which suits these data." in said
    assert "The last layer, linear2, now gives 10 values" in said


def test_a_first_layer_that_does_not_fit_is_said(qapp, tmp_path: Path, capsys) -> None:
    write_idx(tmp_path)
    assert main(["train", "circle", "--out", str(tmp_path / "out"), "--data", str(tmp_path)]) == 2
    assert "Linear reads a row of values and gets 1×6×5. Put a Flatten before it." in capsys.readouterr().err


def test_pictures_that_cannot_be_read_can_be_left_out(qapp, tmp_path: Path, capsys) -> None:
    root = write_folders(tmp_path / "set", {"a": [(8, 8)] * 6, "b": [(8, 8)] * 6})
    (root / "b" / "letter.png").write_bytes(b"Dear sirs")
    words = ["train", "digits-mlp", "--epochs", "1", "--out", str(tmp_path / "out"), "--data", str(root)]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "1 of 13 pictures cannot be read" in said
    assert "Try: --read 'unreadable=leave out'" in said, "as a shell takes it"
    assert main([*words, "--read", "unreadable=leave out"]) == 0
    assert "1 file was left out: 1 damaged or no picture (b/letter.png)." in capsys.readouterr().err


def test_how_data_are_read_is_said_and_can_be_told(qapp, tmp_path: Path, capsys) -> None:
    path = write_npz(tmp_path, a=PIXELS // 16, b=LABELS, c=LABELS % 2)
    words = ["train", "digits-mlp", "--epochs", "1", "--out", str(tmp_path / "out"), "--data", str(path)]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.endswith("Try: --read inputs=a --read targets=b; or --read inputs=a --read targets=c\n")
    assert main([*words, "--read", "inputs=a", "--read", "targets=b", "--read", "limit=9"]) == 0
    said = capsys.readouterr().err
    assert "Brightness reaches from 0 to 15 and is divided by 15." in said
    assert "now gives 3 values" in said
    for wrong in ("scale", "colour=red", "scale=loud", "limit=many"):
        assert main([*words, "--read", wrong]) == 2
        assert "; expected " in capsys.readouterr().err
    assert main(["train", "circle", "--read", "scale=none"]) == 2
    assert "there is no --data" in capsys.readouterr().err


def test_divergence_is_said_and_what_there_is_is_written(qapp, tmp_path: Path, capsys) -> None:
    surface = example("surface").project
    wild = edits.set_fit(surface, surface.fit.replace(optimizer=surface.fit.optimizer.replace(lr=90.0)))
    wild = edits.set_fit(
        wild, wild.fit.replace(optimizer=type(example("circle").project.fit.optimizer)(lr=100.0))
    )
    path = tmp_path / "wild.json"
    files.save(wild, path)
    assert main(["train", str(path), "--epochs", "50", "--out", str(tmp_path / "out")]) == 1
    assert "learning rate" in capsys.readouterr().err
    rows = metrics(tmp_path / "out")
    assert rows
    assert all(math.isfinite(float(row["train_loss"])) for row in rows)


def test_what_is_not_known_stays_empty(qapp, tmp_path: Path) -> None:
    xor = example("xor").project
    alone = edits.set_preparation(xor, xor.preparation.replace(train=0.9, validation=0.0))
    path = tmp_path / "alone.json"
    files.save(alone, path)
    assert main(["train", str(path), "--epochs", "1", "--out", str(tmp_path / "out")]) == 0
    assert metrics(tmp_path / "out")[-1]["validation_loss"] == ""


# --- the others --------------------------------------------------------------------------------------------------------


def test_examples_are_listed(capsys) -> None:
    assert main(["examples"]) == 0
    said = capsys.readouterr().out
    for found in examples():
        assert found.key in said


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_shot_is_the_window(qapp, tmp_path: Path, theme: str) -> None:
    out = tmp_path / "new" / "shot"  # a name without an ending is a PNG as well
    words = ["shot", "circle", "--out", str(out), "--epochs", "2", "--size", "1300x740", "--theme", theme]
    assert main(words) == 0
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1300, 740)
    panel = picture.pixelColor(400, 12)  # the menu bar
    assert (panel.lightness() < 80) is (theme == "dark")


def test_the_version_costs_neither_qt_nor_numpy(tmp_path: Path) -> None:
    code = "import sys; from playground.cli import main; main(['--version']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    version, modules = done.stdout.splitlines()
    assert __version__ in version
    assert not {"PySide6", "numpy", "engine", "rich.progress"} & set(modules.split())


def test_without_a_display_the_default_project_is_trained(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert "no display" in first
    (out,) = (tmp_path / "runs").iterdir()
    assert len(metrics(out)) == example("circle").project.fit.epochs + 1
    assert not QImage(str(out / "picture.png")).isNull()
    assert "validation accuracy" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["train"], "EXAMPLE|FILE"),
        (["train", "xorr"], "Did you mean 'xor'?"),
        (["trian"], "Did you mean 'train'?"),
        (["train", "xor", "--epochs", "0"], "--epochs"),
        (["train", "xor", "--epochs", "many"], "--epochs"),
        (["train", "xor", "--seed", "-1"], "--seed"),
        (["train", "xor", "--sed", "1"], "--sed"),
        (["shot", "xor"], "--out"),
        (["shot", "xor", "--out", "a.png", "--size", "big"], "WIDTHxHEIGHT"),
        (["shot", "xor", "--out", "a.png", "--size", "0x100"], "WIDTHxHEIGHT"),
        (["shot", "xor", "--out", "a.png", "--theme", "pink"], "'light', 'dark'"),
        (["examples", "all"], "all"),
        (["--nothing"], "--nothing"),
    ],
)
def test_wrong_words_get_one_sentence(words: list[str], expected: str, capsys) -> None:
    assert main(words) == 2
    said = capsys.readouterr()
    assert expected in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert not said.out


def test_a_bad_file_gets_one_sentence(tmp_path: Path, capsys) -> None:
    path = tmp_path / "bad.json"
    path.write_text("{", encoding="utf-8")
    for words in ([str(path)], ["train", str(path)], ["shot", str(path), "--out", str(tmp_path / "a.png")]):
        assert main(words) == 2
        said = capsys.readouterr().err
        assert "bad.json" in said
        assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [["a" * 5000], ["train", "a\0b"], ["train", "circle", "--data", "~nobodyhere/x"],
                                   ["train", "circle", "--data", "a" * 5000]], ids=["long", "no name", "nobody", "long data"])  # fmt: skip
def test_odd_names_get_one_short_sentence(words: list[str], capsys) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert len(said) < 1000


def test_data_outside_the_projects_folder_must_be_allowed(
    qapp, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_idx(tmp_path)
    path = tmp_path / "theirs" / "p.json"
    path.parent.mkdir()
    digits = example("digits-cnn").project
    source = {"type": "IdxFiles", "images": "../t10k-images-idx3-ubyte"}
    path.write_text(json.dumps(json.loads(files.to_json(digits)) | {"source": source}), encoding="utf-8")
    out = ["--out", str(tmp_path / "out")]
    assert main(["train", str(path), "--epochs", "1", *out]) == 2
    said = capsys.readouterr().err
    assert "p reads data from outside its own folder:" in said
    assert "--allow-outside" in said
    asked: list[str] = []
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text))
    assert main(["train", str(path), "--epochs", "1", *out]) == 130
    assert "Read them?" in asked[0]
    assert not (tmp_path / "out").exists()
    assert main(["train", str(path), "--epochs", "1", "--allow-outside", *out]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "t10k-images-idx3-ubyte") in said
    assert "cannot be trained" in said  # they were read: pictures of that size do not fit the network


def test_a_project_that_cannot_run_is_refused(tmp_path: Path, capsys) -> None:
    xor = example("xor").project
    path = tmp_path / "half.json"
    files.save(edits.remove(xor, {xor.network.output_id}), path)
    assert main(["train", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "need 1 value" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_warnings_are_said_and_training_goes_on(qapp, tmp_path: Path, capsys) -> None:
    xor = example("xor").project
    late = edits.add_layer(xor, "Sigmoid", len(xor.network))
    path = tmp_path / "late.json"
    files.save(late, path)
    assert main(["train", str(path), "--epochs", "1", "--out", str(tmp_path / "out")]) == 0
    (line,) = [one for one in capsys.readouterr().err.splitlines() if one.startswith("Warning")]
    assert line.startswith(f"Warning: Sigmoid, block {len(late.network)}: Sigmoid gives values from 0 to 1")
    assert (tmp_path / "out" / "metrics.csv").exists()


def test_a_half_built_project_can_be_pictured(qapp, tmp_path: Path) -> None:
    xor = example("xor").project
    path = tmp_path / "half.json"
    files.save(edits.remove(xor, {xor.network.output_id}), path)
    assert main(["shot", str(path), "--out", str(tmp_path / "a.png")]) == 0
    assert not QImage(str(tmp_path / "a.png")).isNull()


def test_a_folder_that_cannot_be_written_gets_one_sentence(qapp, tmp_path: Path, capsys) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    assert main(["train", "xor", "--epochs", "1", "--out", str(blocked / "out")]) == 2
    assert main(["shot", "xor", "--out", str(blocked / "a.png")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_run_goes_on_from_its_file_to_the_same_bytes(qapp, tmp_path: Path) -> None:
    file = str(tmp_path / "half" / "run.chainrule")
    assert main(["train", "xor", "--epochs", "5", "--out", str(tmp_path / "half")]) == 0
    assert main(["train", file, "--resume", "--epochs", "10", "--out", str(tmp_path / "rest")]) == 0
    assert main(["train", "xor", "--epochs", "10", "--out", str(tmp_path / "whole")]) == 0
    for name in ("metrics.csv", "weights.safetensors"):
        assert (tmp_path / "rest" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_there_is_nothing_to_resume_in_an_example(qapp, capsys) -> None:
    assert main(["train", "xor", "--resume"]) == 2
    assert "holds no run" in capsys.readouterr().err


# --- the coach ----------------------------------------------------------------------------------------------------------


def coached(capsys, *words: str) -> tuple[int, str, str]:
    code = main(["coach", *words])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_the_coach_has_nothing_against_a_healthy_example(capsys) -> None:
    code, out, _ = coached(capsys, "iris", "--epochs", "8", "--json")
    assert code == 0
    assert not [one for one in json.loads(out) if one["level"] == "warning"]


def test_the_coach_says_what_is_wrong_in_order_and_ends_with_1(tmp_path: Path, capsys) -> None:
    from engine.layers import Linear
    from engine.network import Network

    wrong = example("xor").project.replace(network=Network.chain(Linear(8), Linear(8), Linear(1)))
    path = tmp_path / "wrong.playground.json"
    files.save(wrong, path)
    code, out, _ = coached(capsys, str(path), "--epochs", "3", "--json")
    assert code == 1
    first, *_ = json.loads(out)
    assert set(first) == {"rule", "level", "epoch", "words", "remedies"}
    assert (first["rule"], first["level"], first["epoch"]) == ("no-nonlinearity", "warning", 0)
    assert first["remedies"] == ["Put Tanh before 1 and 2"]
    code, out, _ = coached(capsys, str(path), "--epochs", "3")
    assert code == 1
    assert "Layers in a row without an activation (no-nonlinearity)" in out
    assert "Try: Put Tanh" in out


def test_the_coach_repeats_itself(capsys) -> None:
    said = [coached(capsys, "spiral3", "--epochs", "30", "--json", "--seed", "2") for _ in range(2)]
    assert said[0][:2] == said[1][:2]


def test_the_coach_refuses_what_cannot_be_trained(tmp_path: Path, capsys) -> None:
    path = tmp_path / "empty.playground.json"
    files.save(example("xor").project.replace(network=example("xor").project.network.__class__()), path)
    code, _, err = coached(capsys, str(path))
    assert code == 2
    assert "cannot be trained" in err


def test_train_says_the_first_warning(qapp, tmp_path: Path, capsys) -> None:
    from engine.layers import Linear, Sigmoid
    from engine.network import Network

    layers = [one for _ in range(12) for one in (Linear(8), Sigmoid())]
    path = tmp_path / "deep.playground.json"
    files.save(example("circle").project.replace(network=Network.chain(*layers, Linear(1))), path)
    assert main(["train", str(path), "--epochs", "2", "--out", str(tmp_path / "out")]) == 0
    assert "Coach, before the first update: The gradient vanishes on its way back." in capsys.readouterr().err


# --- import ------------------------------------------------------------------------------------------------------------


def test_weights_are_imported_into_a_project_with_the_same_bits(tmp_path: Path, capsys) -> None:
    network = example("iris").project.network
    state = Model(network, (4,), seed=5).state_dict()
    save_weights({f"net.{name}": a for name, a in state.items()}, tmp_path / "theirs.safetensors")
    out = tmp_path / "mine.playground.json"
    assert main(["import", str(tmp_path / "theirs.safetensors"), "--into", "iris", "--out", str(out)]) == 0
    assert "Linear" in capsys.readouterr().out
    project = files.load(out)
    assert project.network == network
    given = {f"{one.node_id}.{one.name}": np.array(one.values, "f4") for one in project.first_weights}
    assert all(given[name].tobytes() == a.astype("f4").tobytes() for name, a in state.items())


def test_a_network_is_imported_and_what_cannot_be_refused(tmp_path: Path, capsys) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: nothing of it is read")
    assert main(["export", "iris", "--to", "onnx", "--out", str(tmp_path / "ox")]) == 0
    out = tmp_path / "back.playground.json"
    assert main(["import", str(tmp_path / "ox" / "model.onnx"), "--into", "iris", "--out", str(out)]) == 0
    kinds = [node.layer for node in files.load(out).network.nodes]
    assert kinds == [node.layer for node in example("iris").project.network.nodes]
    proto = onnx.load(tmp_path / "ox" / "model.onnx")
    proto.graph.node[1].op_type = "Sin"
    onnx.save(proto, tmp_path / "odd.onnx")
    capsys.readouterr()
    assert main(["import", str(tmp_path / "odd.onnx")]) == 2
    said = capsys.readouterr()
    assert "node 2, Sin" in said.out
    assert "--cut" in said.err
    assert main(["import", str(tmp_path / "odd.onnx"), "--cut", "--out", str(out)]) == 0
    assert len(files.load(out).network) == 1
    assert main(["import", str(tmp_path / "nothing.onnx")]) == 2


# --- sweeps, and runs that are kept while they train ------------------------------------------------------------------------


SWEEP = (
    "sweep",
    "xor",
    "--set",
    "fit.optimizer.lr=log:1e-3..1",
    "--points",
    "6",
    "--seeds",
    "2",
    "--epochs",
    "60",
)


def killed_once(tmp_path: Path, *words: str, when) -> None:
    """Start the command and end it with kill -9 as soon as ``when()``."""
    command = [sys.executable, "-m", "playground", *words]
    variables = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    variables["PYTHONPATH"] = str(Path(__file__).parents[1])
    with subprocess.Popen(
        command, cwd=tmp_path, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while not when():
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
        process.kill()


def test_a_sweep_goes_on_after_kill_9_and_gives_the_same_table(tmp_path: Path) -> None:
    whole = run(tmp_path, *SWEEP, "--out", "whole")
    assert whole.returncode == 0, whole.stderr
    assert "best loss, median" in whole.stdout
    killed_once(
        tmp_path,
        *SWEEP,
        "--out",
        "part",
        when=lambda: len(list((tmp_path / "part").glob("trials/*.json"))) > 1,
    )
    assert not (tmp_path / "part" / "table.csv").exists()
    again = run(tmp_path, *SWEEP, "--out", "part", "--jobs", "1")
    assert "are done already" in again.stderr
    assert (tmp_path / "part" / "table.csv").read_bytes() == (tmp_path / "whole" / "table.csv").read_bytes()


def test_a_trial_of_a_sweep_is_the_run_that_train_makes(tmp_path: Path) -> None:
    out = str(tmp_path / "sweep")
    assert (
        main(
            [
                "sweep",
                "xor",
                "--set",
                "fit.optimizer.lr=0.2",
                "--seeds",
                "2",
                "--epochs",
                "3",
                "--out",
                out,
                "--jobs",
                "1",
            ]
        )
        == 0
    )
    with (tmp_path / "sweep" / "table.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    xor = example("xor").project
    files.save(
        edits.set_fit(xor, xor.fit.replace(optimizer=xor.fit.optimizer.replace(lr=0.2))),
        tmp_path / "a.playground.json",
    )
    alone = run(tmp_path, "train", "a.playground.json", "--seed", "1", "--epochs", "3", "--out", "alone")
    assert alone.returncode == 0, alone.stderr
    assert check_sum(load_file(tmp_path / "alone" / "weights.safetensors")) == rows[1]["weights"]
    assert metrics(tmp_path / "alone")[-1]["validation_loss"] == rows[1]["validation_loss"]


def test_a_sweep_refuses_in_words(tmp_path: Path, capsys) -> None:
    out = str(tmp_path / "out")
    assert main(["sweep", "xor", "--set", "fit.optimizer.lrr=1", "--out", out]) == 2
    assert "Did you mean fit.optimizer.lr?" in capsys.readouterr().err
    assert not Path(out).exists()
    assert main(["sweep", "xor", "--set", "linear1=Conv2d", "--out", out, "--jobs", "1"]) == 1
    assert "Conv2d reads pictures" in capsys.readouterr().out


def test_a_run_that_is_kept_while_it_trains_goes_on_after_kill_9(tmp_path: Path) -> None:
    words = ("train", "spiral", "--keep-every", "0", "--out")
    there = tmp_path / "part" / "run.chainrule"
    killed_once(tmp_path, *words, "part", "--epochs", "100000", when=there.exists)
    reached = files_of_runs.load_run(there, files.load(there)).snapshot.epoch
    again = run(
        tmp_path, "train", "part/run.chainrule", "--resume", "--epochs", str(reached + 5), "--out", "on"
    )
    assert again.returncode == 0, again.stderr
    whole = run(tmp_path, "train", "spiral", "--epochs", str(reached + 5), "--out", "whole")
    assert whole.returncode == 0, whole.stderr
    assert (tmp_path / "on" / "metrics.csv").read_bytes() == (tmp_path / "whole" / "metrics.csv").read_bytes()


def test_folds_are_trained_one_by_one_and_their_mean_is_said(qapp, tmp_path: Path, capsys) -> None:
    assert main(["train", "circle", "--folds", "3", "--epochs", "2", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    metrics = []
    for fold in ("fold1", "fold2", "fold3"):
        with (tmp_path / fold / "metrics.csv").open(encoding="utf-8") as file:
            metrics.append(float([*csv.DictReader(file)][-1]["validation_metric"]))
    assert f"3 folds: validation accuracy {fmean(metrics):.4f} ± {stdev(metrics):.4f}" in said
    for option in (["--resume"], ["--keep-every", "1"]):  # neither is about several runs
        assert main(["train", "circle", "--folds", "3", *option]) == 2
        assert f"{option[0]} " in capsys.readouterr().err


def test_a_sweep_says_how_long_it_will_take_and_ends_when_its_time_is_over(tmp_path: Path, capsys) -> None:
    out = str(tmp_path / "out")
    command = [
        "sweep",
        "xor",
        "--set",
        "fit.optimizer.lr=0.1,0.2,0.3",
        "--epochs",
        "2",
        "--jobs",
        "1",
        "--out",
        out,
    ]
    assert main([*command, "--budget", "0"]) == 0
    said = capsys.readouterr().err
    assert "3 runs of 2 epochs, 1 at once: about" in said
    assert "The 0 minutes are over" in said
    assert len(list((tmp_path / "out" / "trials").iterdir())) == 1
    assert main(command) == 0
    assert "1 of 3 runs are done already" in capsys.readouterr().err
    assert len(list((tmp_path / "out" / "trials").iterdir())) == 3


def test_a_search_refuses_in_words(tmp_path: Path, capsys) -> None:
    command = [
        "sweep",
        "xor",
        "--set",
        "fit.optimizer.lr=0.1,0.2",
        "--search",
        "optuna",
        "--out",
        str(tmp_path / "out"),
    ]
    assert main([*command, "--plan", "grid"]) == 2
    assert "--plan says the points beforehand" in capsys.readouterr().err
    assert main([*command, "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "on this machine alone" in capsys.readouterr().err


# --- films, reports, figures ----------------------------------------------------------------------------------------------


def test_a_run_in_a_file_is_filmed_as_it_is(tmp_path: Path) -> None:
    from PIL import Image

    assert run(tmp_path, "train", "xor", "--epochs", "3", "--out", "it").returncode == 0
    made = run(
        tmp_path,
        "film",
        "it/run.chainrule",
        "--out",
        "it.webp",
        "--pictures",
        "4",
        "--width",
        "200",
        "--json",
    )
    assert made.returncode == 0, made.stderr
    said = [json.loads(line) for line in made.stdout.splitlines()]
    assert [one["share"] for one in said if "share" in one] == sorted(
        one["share"] for one in said if "share" in one
    )
    assert said[-1]["written"] == "it.webp"
    with Image.open(tmp_path / "it.webp") as film:
        assert (film.n_frames, film.width) == (4, 200)


def test_an_example_is_trained_and_filmed_small_enough(tmp_path: Path) -> None:
    made = run(
        tmp_path, "film", "circle", "--last", "5", "--pictures", "6", "--out", "it.gif", "--limit", "0.1"
    )
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "it.gif").stat().st_size <= 100_000
    assert "To fit, it has" in made.stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("film", "xor", "--out", "it.avi"), "expected a name in .webp, .gif, .mp4"),
        (
            ("film", "xor", "--out", "it.gif", "--view", "nothing", "--last", "1"),
            "expected one of window, network, ",
        ),
        (("film", "xor", "--out", "it.gif", "--sample", "x"), "expected PART:NUMBER"),
        (("film", "xor", "--out", "it.gif", "--last", "1", "--first", "1"), "nothing to film"),
        (("film", "xor", "--out", "no/it.gif", "--last", "1", "--pictures", "2"), "cannot be written"),
        (("report", "xor", "--out", "it.doc"), "expected a name in .html or .pdf"),
        (("figure", "xor", "--out", "it.doc"), "expected a name in .svg, .tex, .pdf or .png"),
    ],
)
def test_what_cannot_be_made_is_refused(tmp_path: Path, words: tuple[str, ...], why: str) -> None:
    made = run(tmp_path, *words)
    assert made.returncode == 2
    assert why in made.stderr
    assert not list(tmp_path.glob("it.*"))


@pytest.mark.parametrize("ending", ["html", "pdf"])
def test_a_report_holds_the_project(tmp_path: Path, ending: str) -> None:
    made = run(tmp_path, "report", "xor", "--last", "2", "--question", "Why?", "--out", f"it.{ending}")
    assert made.returncode == 0, made.stderr
    assert files.load(tmp_path / f"it.{ending}") == example("xor").project
    again = run(tmp_path, "train", f"it.{ending}", "--epochs", "2", "--out", "again")
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("name", ["it.svg", "it.pdf", "it.png", "it.tex", "it-formulas.tex"])
def test_the_network_is_drawn(tmp_path: Path, name: str) -> None:
    made = run(tmp_path, "figure", "lenet5", "--width", "85", "--out", name)
    assert made.returncode == 0, made.stderr
    content = (tmp_path / name).read_bytes()
    begin = {
        "it.svg": b"<?xml",
        "it.pdf": b"%PDF",
        "it.png": b"\x89PNG",
        "it.tex": b"% LeNet",
        "it-formulas.tex": b"\\documentclass{article}",
    }
    assert content.startswith(begin[name])


def test_a_start_without_words_reads_no_command_line() -> None:
    code = "from playground import app, cli; import sys; app.open_window = lambda *a, **k: print(a[0].name, k, *sys.modules); cli.main([])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "DISPLAY": ":0"},
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    assert done.stdout.startswith(example(DEFAULT).project.name)
    assert "'resume': True" in done.stdout
    assert not {"typer", "rich", "click"} & set(done.stdout.split())


def test_it_ends_with_its_window_whatever_is_shown_at_that_moment(tmp_path: Path) -> None:
    code = """
from PySide6.QtCore import QTimer, Qt
from PySide6.QtWidgets import QApplication, QLabel
from playground import app
from playground.document.examples import example
from playground.ui.application import application
application()
def close():
    label = QLabel("late")
    window = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "main_window")
    # Queued, it comes before Qt's own event to quit, which it takes back.
    window.closed.connect(lambda: (label.show(), label.hide()), Qt.ConnectionType.QueuedConnection)
    window.close()
QTimer.singleShot(300, close)
print("ended", app.open_window(example("circle").project))
"""
    home = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **home, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["ended 0"], done.stderr
