"""State dicts of every kind: the same numbers, matched or proposed a network, and no step of a pickle taken that is not known."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine import Model, Network, layers
from engine.errors import DataError
from engine.importing import match, propose, read_network, read_state
from engine.io import save_weights
from tests.engine.importing.models import (
    NETWORK,
    SHAPE,
    one,
    pickled,
    state_of,
    storage,
    tensor,
    text,
    whole_files,
    written,
)


@pytest.mark.parametrize("ending", [".safetensors", ".npz"])
def test_what_is_written_here_comes_back(ending: str, tmp_path: Path) -> None:
    found = read_state(written(tmp_path, ending, whole_files()[ending]()))
    state = one().state()
    assert found.keys() == state.keys()
    assert list(dict.fromkeys(name[0] for name in found)) == ["0", "1", "5"], "layer after layer"
    for name, a in state.items():
        np.testing.assert_array_equal(found[name], a)


def test_what_torch_has_saved_has_the_same_bits(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(64, 3),
    )
    for form in (
        net.state_dict(),
        {"epoch": 7, "state_dict": net.state_dict(), "best": [1.5, None, True, {"a": -(2**40)}]},
    ):
        torch.save(form, tmp_path / "w.pt")
        found = read_state(tmp_path / "w.pt")
        wanted = {k: v.numpy() for k, v in net.state_dict().items() if "num_batches" not in k}
        assert list(found) == list(wanted)
        for name, a in wanted.items():
            assert found[name].dtype == a.dtype
            np.testing.assert_array_equal(found[name], a)


def test_every_kind_of_number_and_view(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    base = torch.arange(24.0).reshape(4, 6)
    state = {
        "view": base[1:3, ::2], "turned": base.T, "half": base.half(), "double": base.double(), "brain": base.bfloat16(), "one": base[0, 0],
        "whole": torch.arange(5), "small": torch.arange(5, dtype=torch.int8), "flags": base > 3, "none": torch.zeros(0, 3), "parameter": torch.nn.Parameter(base),
    }  # fmt: skip
    torch.save(state, tmp_path / "w.pth")
    found = read_state(tmp_path / "w.pth")
    for name, value in state.items():
        wanted = (value.float() if name == "brain" else value).detach().numpy()
        np.testing.assert_array_equal(found[name], wanted, err_msg=name)


# --- a pickle is a program: none of it is run ---------------------------------------------------------------------------


class Harm:
    """Makes a file where it is called."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(2, 6))
def test_code_is_not_run(tmp_path: Path, protocol: int) -> None:
    harm = tmp_path / "harm"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", pickle.dumps({"weight": Harm(harm)}, protocol))
    with pytest.raises(DataError, match=r"contains code \(a call of (posix|nt).mkdir\)"):
        read_state(written(tmp_path, ".pt", file.getvalue()))
    assert not harm.exists()
    pickle.loads(pickle.dumps(Harm(harm), protocol))
    assert harm.exists(), "it would have done harm"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (b"cbuiltins\neval\n(" + text("1") + b"tR", "a call of builtins.eval"),
        (b"ctorch\nload\n(tR", "a call of torch.load"),
        (b"ccollections\nOrderedDict\n(((" + text("a") + b"K\x01tttR", "made of something"),
        (b"\x8c\x02os\x8c\x06system\x93(" + text("ls") + b"tR", "a call of os.system"),
        (b"cos\nsystem\n)\x81", "a step called NEWOBJ"),
        (b"(S'ls'\nios\nsystem\n", "a step called INST"),
        (b"(cos\nsystem\nS'ls'\no", "a step called OBJ"),
        (b"\x82\x01", "a step called EXT1"),
        (b"cos\nsystem\n}(" + text("x") + b"K\x01ub", "the state of os.system"),
        (b"(" + text("storage") + b"K\x01K\x02K\x03K\x04tQ", "a reference to"),
        (b"]" + text("a") + b"K\x01s", "a change of what is no dict"),
        (b"}K\x01a", "a change of what is no list"),
        (b"ctorch._utils\n_rebuild_parameter\n(K\x01tR", "no tensor"),
    ],
)  # fmt: skip
def test_a_step_that_is_not_known_ends_it(steps: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read_state(written(tmp_path, ".pt", pickled(steps)))
    assert "contains code" in str(error.value)
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (tensor((3, 3)), "reaches beyond its numbers"),
        (tensor((2, 3), (0, 0)), ""),
        (tensor((40000, 40000), (0, 0)), "reaches beyond its numbers"),
        (tensor((2,), (1,), 5), "reaches beyond its numbers"),
        (tensor((-1,), (1,)), "makes no sense"),
        (tensor((2,), (-1,)), "makes no sense"),
        (tensor((1,) * 9, (1,) * 9), "makes no sense"),
        (tensor(numbers=storage("7")), "missing or cut short"),
        (tensor(numbers=storage(count=5)), "missing or cut short"),
        (tensor(numbers=storage(kind="ComplexFloatStorage")), "of the kind torch.ComplexFloatStorage"),
        (tensor(numbers=storage(module="os")), "of the kind os.FloatStorage"),
        (tensor(numbers=b"K\x01"), "makes no sense"),
    ],
)  # fmt: skip
def test_a_tensor_that_is_none_is_refused(made: bytes, words: str, tmp_path: Path) -> None:
    path = written(tmp_path, ".pt", state_of(("w", made)))
    if not words:  # an expanded tensor is one
        assert read_state(path)["w"].tolist() == [[0, 0, 0], [0, 0, 0]]
        return
    with pytest.raises(DataError, match=words):
        read_state(path)


@pytest.mark.parametrize("data", [b"", b"PK", b"\x80\x02}q\x00.", pickled(b"}"), pickled(b"N"), state_of()])
def test_what_is_no_state_dict_is_refused(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        read_state(written(tmp_path, ".pt", data))


def test_numbers_that_are_not_finite_are_named(tmp_path: Path) -> None:
    save_weights({"a": np.ones(2, "f4"), "b": np.array([1, np.nan], "f4")}, tmp_path / "w.safetensors")
    with pytest.raises(DataError, match="'b' holds no finite numbers"):
        read_state(tmp_path / "w.safetensors")


# --- matching ---------------------------------------------------------------------------------------------------------


def expected() -> dict[str, tuple[int, ...]]:
    return {name: a.shape for name, a in one().state().items()}


@pytest.mark.parametrize("prefix", ["", "module.", "net.features."])
def test_names_fit_whatever_stands_before_all(prefix: str) -> None:
    state = one().state()
    found = match(expected(), {prefix + name: a for name, a in state.items()})
    assert found.keys() == state.keys()
    assert all(found[name] is a for name, a in state.items())


def test_other_names_fit_in_their_order() -> None:
    state = one().state()
    names = {"0": "conv", "1": "norm", "5": "head.out"}
    theirs = {f"{names[key.split('.')[0]]}.{key.split('.')[1]}": a for key, a in state.items()}
    found = match(expected(), theirs)
    assert {name: a.tolist() for name, a in found.items()} == {name: a.tolist() for name, a in state.items()}


def test_the_first_that_does_not_fit_is_named() -> None:
    state = one().state()
    with pytest.raises(DataError, match=r"'5' in the file has weight 3×35.*expected weight 3×36"):
        match(expected(), state | {"5.weight": state["5.weight"][:, :35]})
    without = {name: a for name, a in state.items() if not name.startswith("5")}
    with pytest.raises(DataError, match="weights of fewer layers; expected weight 3×36"):
        match(expected(), without)
    with pytest.raises(DataError, match="the weights of 4 layers; expected 3"):
        match(expected(), {f"a.{name}": a for name, a in state.items()} | {"b.weight": state["5.weight"]})


def test_ten_comes_after_two(tmp_path: Path) -> None:
    save_weights({f"l{n}.weight": np.full((2, 2), n, "f4") for n in (10, 2, 1)}, tmp_path / "w.safetensors")
    assert list(read_state(tmp_path / "w.safetensors")) == ["l1.weight", "l2.weight", "l10.weight"]


# --- proposing ---------------------------------------------------------------------------------------------------------


def test_a_network_is_proposed_that_takes_them_all() -> None:
    found = propose(one().state(), SHAPE)
    kinds = [node.layer.key for node in found.network.nodes]
    assert kinds == ["Conv2d", "MaxPool2d", "BatchNorm", "ReLU", "Flatten", "Linear"] or kinds == [
        "Conv2d", "BatchNorm", "ReLU", "MaxPool2d", "Flatten", "Linear",
    ]  # fmt: skip
    model = Model(found.network, SHAPE)
    model.load_state_dict(found.state)
    assert model.out_shape == (3,)
    assert {part.how for part in found.parts} == {"understood", "replaced"}


def test_the_sizes_of_dense_layers_are_read_off() -> None:
    model = Model(Network.chain(layers.Linear(5), layers.Tanh(), layers.Linear(2, bias=False)), (3,))
    found = propose(model.state_dict())
    assert found.network == Network(
        tuple(
            found.network.nodes[i].__class__(name, layer)
            for i, (name, layer) in enumerate(
                [
                    ("linear1", layers.Linear(5)),
                    ("relu1", layers.ReLU()),
                    ("linear2", layers.Linear(2, bias=False)),
                ]
            )
        )
    )


def test_what_no_layer_has_is_said() -> None:
    found = propose(
        {"a.weight": np.ones((3, 2)), "lstm.weight_ih": np.ones((8, 3)), "b.weight": np.ones((1, 3))}
    )
    assert [part.where for part in found.refused] == ["lstm"]
    assert len(found.state) == 2
    with pytest.raises(DataError, match="no arrays"):
        propose({})
    with pytest.raises(DataError, match="No layer here has such weights"):
        propose({"x": np.ones((2, 2, 2))})


def test_a_state_dict_trained_in_torch_scores_the_same_here(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding="same"), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(),
        torch.nn.Linear(36, 3),
    )  # fmt: skip
    x, y = torch.randn(40, *SHAPE), torch.randint(3, (40,))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(30):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    torch.save(net.state_dict(), tmp_path / "w.pt")
    model = Model(NETWORK, SHAPE)
    model.load_state_dict(match(expected(), read_state(tmp_path / "w.pt")))
    with torch.no_grad():
        theirs = net.eval()(x).numpy()
    np.testing.assert_allclose(model.predict(x.numpy()), theirs, rtol=0, atol=2e-5)
    assert (model.predict(x.numpy()).argmax(1) == y.numpy()).mean() == (theirs.argmax(1) == y.numpy()).mean()


def test_unknown_endings_are_refused(tmp_path: Path) -> None:
    for read in (read_state, read_network):
        with pytest.raises(DataError, match=r"expected one in"):
            read(written(tmp_path, ".bin", b"x"))
