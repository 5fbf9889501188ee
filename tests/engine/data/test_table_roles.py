"""Roles of columns, and what is learnt from the training part alone: means, most frequent kinds, which kinds there are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data import Preparation, TableFile, prepare
from engine.data.roles import Choice, in_order, parsed, written
from engine.errors import DataError
from tests.engine.data.tabular import holds, made, role, said

ROWS = "".join(f"{i}.5,{'red' if i % 3 else 'blue'},{i * 7 % 10},{'xy'[i % 2]}\n" for i in range(40))
PLAIN = "a,colour,b,kind\n" + ROWS


# ---- recipes ---------------------------------------------------------------------------------------------------------


def test_a_recipe_is_read_as_it_is_written() -> None:
    choices = {
        "a": Choice("number", "median"),
        'b, "c"=d': Choice("ordered", "", ("low", "mid", "high")),
        "e": Choice("", "mean"),
        "f": Choice("ignore"),
    }
    assert parsed(written(choices)) == choices
    assert written({"a": Choice()}) == ""
    assert parsed("  ") == {}


@pytest.mark.parametrize("text", ["a", "a=nothing", "a=number:somehow", "a=ordered[x"])
def test_what_is_no_recipe_is_refused_in_words(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"The roles say .*; expected a column's name"):
        made(tmp_path, PLAIN, roles=text)


def test_a_name_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'z'"):
        made(tmp_path, PLAIN, roles="z=ignore")


def test_each_role_makes_its_inputs(tmp_path: Path) -> None:
    assert made(tmp_path, PLAIN).features == ("a", "colour = blue", "colour = red", "b")
    data = made(tmp_path, PLAIN, roles="a=ignore, colour=ordered[red<blue], b=category")
    assert data.features == ("colour", *(f"b = {i}" for i in range(10)))
    assert data.x[:4, 0].tolist() == [1, 0, 0, 1]
    assert data.encoding is not None
    assert [(a.name, a.role, a.width) for a in data.encoding.about] == [
        ("a", "ignore", 0),
        ("colour", "ordered", 1),
        ("b", "category", 10),
        ("kind", "target", 1),
    ]
    assert all({"category", "ignore", "group"} <= set(a.can) for a in data.encoding.about if a.name != "a")


def test_a_role_that_a_column_cannot_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="colour holds words such as “blue”; expected numbers"):
        made(tmp_path, PLAIN, roles="colour=number")
    with pytest.raises(DataError, match="which is no date"):
        made(tmp_path, PLAIN, roles="colour=date")
    with pytest.raises(DataError, match="are 2 groups; expected one"):
        made(tmp_path, PLAIN, roles="a=group,b=group")


def test_people_order_some_words_alike() -> None:
    assert in_order(["High", "low", "medium"], ()) == ["low", "medium", "High"]
    assert in_order(["L", "M", "S", "XL"], ()) == ["S", "M", "L", "XL"]
    assert in_order(["b", "a", "c"], ("c", "a")) == ["c", "a", "b"]
    assert in_order(["b", "a"], ()) == ["b", "a"]


def test_a_column_that_is_left_out_can_be_asked_for(tmp_path: Path) -> None:
    content = "id,a,kind\n" + "".join(f"{i + 1},{i * i % 7}.5,{'xy'[i % 2]}\n" for i in range(30))
    data = made(tmp_path, content)
    assert (role(data, "id"), holds(data, "id")) == ("ignore", "counts the rows")
    assert made(tmp_path, content, roles="id=number").features == ("id", "a")


# ---- dates -----------------------------------------------------------------------------------------------------------


def test_dates_become_parts_that_go_round(tmp_path: Path) -> None:
    days = ["2023-12-31", "2024-01-01", "2024-06-15", "2024-07-01"] * 5
    data = made(tmp_path, "day,kind\n" + "".join(f"{d},{'xy'[i % 2]}\n" for i, d in enumerate(days)))
    x = dict(zip(data.features, data.x.T, strict=True))
    assert x["day: days"][:2].tolist() == [0, 1]
    assert x["day: year"][:2].tolist() == [2023, 2024]
    december, january = (np.array([x["day: month (sin)"][i], x["day: month (cos)"][i]]) for i in (0, 1))
    assert np.hypot(*(december - january)) == pytest.approx(2 * np.sin(np.pi / 12), abs=1e-6), "neighbours"
    sunday = x["day: weekday (sin)"][0], x["day: weekday (cos)"][0]
    assert sunday == pytest.approx((np.sin(2 * np.pi * 6 / 7), np.cos(2 * np.pi * 6 / 7)), abs=1e-6)


def test_one_date_decides_for_the_column_and_else_it_is_said(tmp_path: Path) -> None:
    sure = made(tmp_path, "day,kind\n" + "13/04/2024,x\n03/04/2024,y\n" * 10)
    assert sure.x[:2, 0].tolist() == [10, 0]
    open_ = made(tmp_path, "day,kind\n" + "03/04/2024,x\n05/04/2024,y\n" * 10)
    assert "“03/04/2024” in day is read with the day first." in said(open_)
    assert open_.x[:2, 0].tolist() == [0, 2]
    other = made(tmp_path, "day,kind\n" + "03/04/2024,x\n05/04/2024,y\n" * 10, dates="month first")
    assert other.x[:2, 0].tolist() == [0, 61]


# ---- learnt from the training part alone -----------------------------------------------------------------------------


GAPS = "a,colour,y\n" + "".join(
    f"{'' if i % 5 == 0 else i * i},{['red', 'blue', 'red', '', 'green' if i == 3 else 'red'][i % 5]},{i}.5\n"
    for i in range(60)
)


@pytest.mark.parametrize("fill", ["mean", "median", "most frequent"])
@pytest.mark.parametrize("seed", [0, 1])
def test_empty_cells_are_filled_with_what_the_training_rows_have(
    tmp_path: Path, fill: str, seed: int
) -> None:
    data = made(tmp_path, GAPS.replace("36,", "1,"), missing=fill, roles="colour=category:own category")
    prepared = prepare(data, Preparation(train=0.5, split_seed=seed))
    gaps = np.array([i % 5 == 0 for i in range(60)])
    train = [i for i in prepared.index.train if not gaps[i]]
    known = data.x[train, 0].astype(np.float64)
    kinds, counts = np.unique(known, return_counts=True)
    expected = {"mean": known.mean(), "median": np.median(known), "most frequent": kinds[counts.argmax()]}[
        fill
    ]
    assert np.allclose(prepared.raw.x[gaps, 0], expected)
    assert np.array_equal(prepared.raw.x[~gaps, 0], data.x[~gaps, 0])
    assert np.array_equal(prepared.validation.x, prepared.raw.x[prepared.index.validation])
    others = data.x[[i for i in range(60) if not gaps[i]], 0].astype(np.float64)
    if fill == "mean":
        assert not np.isclose(expected, others.mean()), "of all rows it would be another one"


def test_the_scale_is_measured_after_filling_and_on_training_rows(tmp_path: Path) -> None:
    data = made(tmp_path, GAPS, missing="mean", roles="colour=ignore")
    prepared = prepare(data, Preparation(normalize="standardize"))
    assert prepared.train.x.mean() == pytest.approx(0, abs=1e-6)
    assert prepared.train.x.std() == pytest.approx(1, abs=1e-6)
    gaps = prepared.raw.encoding.blocks[0].gaps
    assert np.allclose(prepared.train.x[gaps[prepared.index.train]], 0, atol=1e-6), "the mean is 0 then"


def test_a_kind_that_no_training_row_has_is_zero_and_comes_back_with_another_split(tmp_path: Path) -> None:
    rows = "".join(f"{'rare' if i == 7 else 'ab'[i % 2]},{i}.25\n" for i in range(30))
    data = made(tmp_path, "kind of it,y\n" + rows)
    place = data.features.index("kind of it = rare")
    seen = {seed: prepare(data, Preparation(split_seed=seed)) for seed in range(8)}
    inside = {seed: bool((p.index.train == 7).any()) for seed, p in seen.items()}
    assert set(inside.values()) == {True, False}
    for seed, prepared in seen.items():
        assert prepared.raw.x[7, place] == inside[seed]
        assert prepared.raw.x[7].sum() == inside[seed], "no other kind in its place"
        # The store keeps what was prepared, and prepares it anew.
        for other, one in seen.items():
            again = prepare(prepared.raw, Preparation(split_seed=other))
            assert np.array_equal(again.raw.x, one.raw.x)


def test_the_most_frequent_kind_of_the_training_rows(tmp_path: Path) -> None:
    rows = "".join(f"{'' if i % 6 == 0 else 'a' if i % 3 else 'b'},{i}.25\n" for i in range(60))
    prepared = prepare(made(tmp_path, "k,y\n" + rows, missing="most frequent"), Preparation())
    assert prepared.raw.x[::6].tolist() == [[1.0, 0.0]] * 10


def test_an_own_kind_for_empty_cells(tmp_path: Path) -> None:
    data = made(tmp_path, "k,y\n" + "a,1.5\n,2.5\nb,3.5\n" * 5, missing="own category")
    assert data.features == ("k = a", "k = b", "k = missing")
    assert data.x[:3].tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_what_a_role_has_not_becomes_what_comes_nearest(tmp_path: Path) -> None:
    content = "k,a,y\n" + "red,1,1.5\nred,,2.5\n,3,3.5\nblue,4,4.5\n" * 5
    mean = made(tmp_path, content, missing="mean")
    assert [one.fill for one in mean.encoding.about] == ["most frequent", "mean", ""]
    assert prepare(mean, Preparation()).raw.x[2].tolist() == [0, 1, 3], "red, that is"
    own = made(tmp_path, content, missing="own category")
    assert own.features == ("k = blue", "k = red", "k = missing", "a", "a is missing")


def test_each_column_has_its_own_way_with_empty_cells(tmp_path: Path) -> None:
    content = "a,b,y\n" + "1,2,1.5\n,4,2.5\n5,,3.5\n7,8,4.5\n"
    data = made(tmp_path, content, roles="a=:mark")
    assert data.features == ("a", "a is missing", "b")
    assert len(data) == 3


# ---- how samples come into parts -------------------------------------------------------------------------------------


def grouped(tmp_path: Path, **values: str):
    rows = "".join(f"p{i // 4},{i * 7 % 11}.5,{'xy'[i % 2]}\n" for i in range(80))
    return made(tmp_path, "patient,a,kind\n" + rows, roles="patient=group", **values)


@pytest.mark.parametrize("deal", ["by class", "shuffled", "in order"])
@pytest.mark.parametrize("folds", [0, 4])
def test_a_group_is_never_in_two_parts(tmp_path: Path, deal: str, folds: int) -> None:
    data = grouped(tmp_path)
    assert data.features == ("a",)
    index = prepare(data, Preparation(deal=deal, folds=folds, fold=folds and 2)).index
    parts = [set((rows // 4).tolist()) for rows in index]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
    assert sorted(np.concatenate(index).tolist()) == list(range(80))
    assert [len(rows) for rows in index] == pytest.approx([48, 16, 16], abs=4)


def test_too_few_groups_are_refused(tmp_path: Path) -> None:
    rows = "".join(f"p,{i}.5,{'xy'[i % 2]}\n" for i in range(20))
    with pytest.raises(DataError, match="in too few groups"):
        prepare(made(tmp_path, "g,a,kind\n" + rows, roles="g=group"), Preparation())


def test_in_order_the_latest_rows_test(tmp_path: Path) -> None:
    days = np.random.default_rng(0).permutation(28)
    rows = "".join(f"2024-02-{day + 1:02},{day * 3 % 5}.5,{'xy'[day % 2]}\n" for day in days)
    index = prepare(made(tmp_path, "day,a,kind\n" + rows), Preparation(deal="in order")).index
    train, validation, test = (days[rows] for rows in index)
    assert train.max() < validation.min()
    assert validation.max() < test.min()


def test_every_sample_validates_in_one_fold(tmp_path: Path) -> None:
    data = made(tmp_path, PLAIN)
    folds = [prepare(data, Preparation(folds=4, fold=k)).index for k in range(4)]
    tests = {tuple(sorted(index.test.tolist())) for index in folds}
    assert len(tests) == 1, "the test part is the same one"
    validated = sorted(np.concatenate([index.validation for index in folds]).tolist())
    assert validated == sorted(set(range(40)) - set(folds[0].test.tolist()))
    for index in folds:
        assert abs(int((data.y[index.validation] == 0).sum()) * 2 - len(index.validation)) <= 1


def test_equal_rows_stay_together(tmp_path: Path) -> None:
    rows = "".join(f"{i % 20}.5,{i % 20 * 3}.25,{'xy'[i % 2]}\n" for i in range(60))
    data = made(tmp_path, "a,b,kind\n" + rows)
    loose = prepare(data, Preparation()).index
    assert set(data.x[loose.train, 0]) & set(data.x[loose.validation, 0])
    index = prepare(data, Preparation(equal_together=True)).index
    kinds = [set(data.x[rows, 0].tolist()) for rows in index]
    assert not kinds[0] & kinds[1] | kinds[0] & kinds[2] | kinds[1] & kinds[2]


def test_rare_classes_are_repeated_to_train_with_alone(tmp_path: Path) -> None:
    rows = "".join(f"{i}.5,{'rare' if i % 10 == 0 else 'no'}\n" for i in range(200))
    data = made(tmp_path, "a,kind\n" + rows)
    plain = prepare(data, Preparation(normalize="standardize"))
    even = prepare(data, Preparation(normalize="standardize", balance=True))
    assert np.bincount(plain.train.y).tolist() == [108, 12]
    assert np.bincount(even.train.y).tolist() == [108, 108]
    assert set(even.index.train.tolist()) == set(plain.index.train.tolist())
    assert np.array_equal(even.index.validation, plain.index.validation)
    assert np.array_equal(even.transform.inputs.shift, plain.transform.inputs.shift), "measured once each"
    assert np.array_equal(even.train.x, even.transform(data.x[even.index.train]))


def test_folds_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 2 folds"):
        Preparation(folds=3, fold=3)
    with pytest.raises(ValueError, match="expected at least 2 folds"):
        Preparation(folds=1)


def test_a_project_keeps_the_recipe() -> None:
    source = TableFile(path="t.csv", roles="a=ordered[x<y]:mean", missing="median", targets="b")
    plain = source.to_dict()
    assert TableFile(**{k: v for k, v in plain.items() if k != "type"}) == source
