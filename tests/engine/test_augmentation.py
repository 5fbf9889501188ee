"""Each augmentation does what it says; what chance decides follows from seed, epoch and place; only what trains is changed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine import Fit, Model, Network, Trainer, layers, losses, optimizers
from engine.augmentation import (
    Affine,
    Augmentation,
    Augmenter,
    Cutout,
    Draws,
    Elastic,
    Flip,
    Ground,
    Jitter,
    Noise,
    Rotate,
    Scale,
    Shift,
    augmentations,
    check_augmentation,
)
from engine.data import Circle, Dataset, Digits, Preparation, prepare
from engine.errors import EngineError, ShapeError, SpecError
from engine.spec import coerce
from tests.engine.catalogue import case_id, variants

RNG = np.random.default_rng(0)
PICTURES = RNG.random((40, 2, 11, 14)).astype(np.float32)
ROWS = RNG.normal(3.0, (0.5, 20.0, 4.0), (40, 3)).astype(np.float32)
EVERY = [one for cls in augmentations for one in variants(cls)]


def samples_for(one: Augmentation) -> np.ndarray:
    return PICTURES if one.for_images else ROWS


def augmented(*chain: Augmentation, x: np.ndarray | None = None, epoch: int = 0, seed: int = 0) -> np.ndarray:
    x = samples_for(chain[0]) if x is None else x
    return Augmenter(x, seed)(chain, x.copy(), epoch, 0)


def dot(y: int = 10, x: int = 10, side: int = 21, count: int = 200) -> np.ndarray:
    """Black pictures with a white pixel."""
    pictures = np.zeros((count, 1, side, side), np.float32)
    pictures[:, 0, y, x] = 1.0
    return pictures


def centres(pictures: np.ndarray) -> np.ndarray:
    """Centre of mass ``(n, 2)`` as (y, x)."""
    mass = pictures.sum(axis=(1, 2, 3))
    y = (pictures.sum(axis=(1, 3)) * np.arange(pictures.shape[2])).sum(axis=1) / mass
    x = (pictures.sum(axis=(1, 2)) * np.arange(pictures.shape[3])).sum(axis=1) / mass
    return np.stack((y, x), axis=1)


# --- every one of them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("one", EVERY, ids=case_id)
def test_each_keeps_shape_and_type_and_stays_finite(one: Augmentation, dtype: str) -> None:
    x = samples_for(one).astype(dtype)
    out = augmented(one, x=x)
    assert out.shape == x.shape
    assert out.dtype == x.dtype
    assert np.isfinite(out).all()


@pytest.mark.parametrize("cls", list(augmentations), ids=lambda cls: cls.key)
def test_each_changes_samples_anew_in_every_epoch(cls: type[Augmentation]) -> None:
    x = samples_for(cls())
    first, again, other, seed = (
        augmented(cls(), epoch=e, seed=s) for e, s in ((0, 0), (0, 0), (1, 0), (0, 1))
    )
    np.testing.assert_array_equal(first, again)
    for different in (x, other, seed):
        assert (first != different).any()
    # Neighbours in the order do not get the same change.
    alike = np.repeat(x[:1], 20, axis=0)
    assert len({one.tobytes() for one in Augmenter(x, 0)((cls(),), alike, 0, 0)}) > 1


@pytest.mark.parametrize("one", EVERY, ids=case_id)
def test_what_becomes_of_a_sample_does_not_depend_on_how_the_epoch_is_cut(one: Augmentation) -> None:
    x = samples_for(one)
    run = Augmenter(x, 7)
    whole = run([one, one], x.copy(), 3, 0)
    for size in (1, 3, 16):
        parts = [run([one, one], x[i : i + size].copy(), 3, i) for i in range(0, len(x), size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_another_process_draws_the_same_numbers() -> None:
    code = (
        "from engine.augmentation import Draws; import json; d = Draws(1, 2, 3, 4, 5);"
        "print(json.dumps([d.uniform(0, 1).tolist(), d.normal(3).tolist()]))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    d = Draws(1, 2, 3, 4, 5)
    assert json.loads(answer) == [d.uniform(0, 1).tolist(), d.normal(3).tolist()]


def test_draws_are_what_they_are_called() -> None:
    d = Draws(0, 0, 0, 0, 20_000)
    uniform, normal = d.uniform(-2.0, 4.0), d.normal(3)
    assert uniform.min() >= -2
    assert uniform.max() < 4
    assert uniform.mean() == pytest.approx(1.0, abs=0.05)
    assert normal.mean(axis=0) == pytest.approx(0.0, abs=0.03)
    assert normal.std(axis=0) == pytest.approx(1.0, abs=0.03)
    np.testing.assert_allclose(np.corrcoef(normal.T), np.eye(3), atol=0.03)


@pytest.mark.parametrize("cls", list(augmentations), ids=lambda cls: cls.key)
def test_each_says_in_words_what_it_is_not_for(cls: type[Augmentation]) -> None:
    right, wrong = ((1, 8, 8), (4,)) if cls.for_images else ((4,), (1, 8, 8))
    check_augmentation((cls(),), right)
    with pytest.raises(ShapeError, match=f"{cls.label} is made for .*; the samples are .*Remove it"):
        check_augmentation((cls(),), wrong)


def test_a_model_is_not_trained_with_what_makes_no_sense() -> None:
    data = prepare(Circle(samples=60).make(), Preparation())
    model = Model(Network.chain(layers.Linear(1)), data.in_shape)
    with pytest.raises(EngineError, match="Flip"):
        Trainer(model, data.train, None, Fit(augmentation=(Flip(),)))


# --- what each of them means ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_flipping_twice_is_nothing_and_once_is_a_mirror(direction: str) -> None:
    always = Flip(direction=direction, probability=1.0)
    axis = -1 if direction == "horizontal" else -2
    np.testing.assert_array_equal(augmented(always), np.flip(PICTURES, axis))
    np.testing.assert_array_equal(augmented(always, always), PICTURES)
    np.testing.assert_array_equal(augmented(Flip(direction=direction, probability=0.0)), PICTURES)


def test_a_flip_happens_as_often_as_is_said() -> None:
    moved = augmented(Flip(probability=0.3), x=dot(x=2, count=2000))[:, 0, 10, 18] == 1
    assert moved.mean() == pytest.approx(0.3, abs=0.04)


def test_a_shift_moves_the_centre_of_mass_by_whole_pixels_up_to_the_amount() -> None:
    moves = centres(augmented(Shift(amount=0.2), x=dot(side=20, count=600))) - 10
    assert set(np.round(moves.ravel(), 6)) == set(range(-4, 5))  # 0.2 · 20 pixels, all of them
    assert abs(np.corrcoef(moves.T)[0, 1]) < 0.1
    moved = augmented(Shift(amount=0.2), x=dot(side=20))
    assert set(np.unique(moved)) == {0.0, 1.0}, "nothing is blurred"


def test_a_turn_keeps_distances_from_the_middle_and_stays_below_the_angle() -> None:
    moves = centres(augmented(Rotate(degrees=40.0), x=dot(y=10, x=18, count=400))) - 10
    np.testing.assert_allclose(np.hypot(*moves.T), 8.0, atol=0.5)
    angles = np.degrees(np.arctan2(moves[:, 0], moves[:, 1]))
    assert 35 < angles.max() < 43
    assert -43 < angles.min() < -35


def test_scaling_moves_away_from_the_middle_or_towards_it() -> None:
    grown = (centres(augmented(Scale(amount=0.5), x=dot(y=10, x=15, count=400))) - 10)[:, 1] / 5
    assert 1.4 < grown.max() < 1.6
    assert 0.6 < grown.min() < 0.75
    assert np.mean(grown > 1) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    "one",
    [Shift(amount=0.0), Rotate(degrees=0.0), Scale(amount=0.0), Elastic(strength=0.0), Noise(amount=0.0)],
    ids=case_id,
)
def test_nothing_is_changed_by_nothing(one: Augmentation) -> None:
    np.testing.assert_allclose(augmented(one), PICTURES, atol=2e-6)


def test_changes_of_place_in_a_row_are_the_same_as_one_after_another_but_sharper() -> None:
    """Shifts move whole pixels, so that doing them one by one blurs nothing either: both ways must give the same pictures."""
    chain = (Shift(amount=0.1, fill="darkest"), Shift(amount=0.2, fill="darkest"))
    x = dot(side=30)
    together = augmented(*chain, x=x)
    ground = Ground.of(x)
    apart = x
    for link, one in enumerate(chain):
        apart = one.apply(apart, Draws(0, 0, link, 0, len(x)), ground)
    np.testing.assert_array_equal(together, apart)
    # A turn and then a shift are not a shift and then a turn.
    turn, shift = Rotate(degrees=90.0), Shift(amount=0.3)
    moves = centres(augmented(turn, shift, x=dot())) - 10
    np.testing.assert_allclose(moves, np.round(moves), atol=1e-3)


@pytest.mark.parametrize("cls", [c for c in augmentations if issubclass(c, Affine) or c is Elastic])
def test_what_comes_in_from_outside(cls: type[Any]) -> None:
    """On a plain picture brighter than the others, "edge" changes nothing; the others let something of theirs in."""
    x = PICTURES.copy()
    x[:20] = 5.0
    field = "strength" if cls is Elastic else cls.params()[0].name
    one = cls(**{field: 8.0 if cls is Elastic else 40.0 if cls is Rotate else 0.5})
    np.testing.assert_allclose(augmented(one, x=x)[:20], 5.0, rtol=1e-5)
    for fill, level in (("darkest", x.min(axis=(0, 2, 3))), ("mean", x.mean(axis=(0, 2, 3)))):
        corner = augmented(one.replace(fill=fill), x=x)[:20].min(axis=(0, 2, 3))
        np.testing.assert_allclose(corner, level, rtol=1e-4, atol=1e-5)


def test_elastic_moves_by_its_strength_and_neighbours_together() -> None:
    """A ramp shows how far each pixel came: its brightness is the place it came from."""
    ramp = np.broadcast_to(np.arange(32, dtype=np.float64), (300, 1, 32, 32))
    moves = (augmented(Elastic(strength=1.5, smoothness=4.0), x=ramp) - ramp)[..., 8:-8, 8:-8]
    assert np.sqrt(np.mean(moves**2)) == pytest.approx(
        1.5 / np.sqrt(2), rel=0.15
    )  # the other half is up and down
    crumpled = (augmented(Elastic(strength=1.5, smoothness=0.5), x=ramp) - ramp)[..., 8:-8, 8:-8]
    apart = [np.mean(np.diff(m, axis=-1) ** 2) / np.mean(m**2) for m in (moves, crumpled)]
    assert apart[0] < 0.1 < apart[1]


def test_noise_is_a_share_of_the_range() -> None:
    x = np.repeat(np.linspace(-3.0, 5.0, 11)[:, None, None, None], 50, axis=0) * np.ones((1, 1, 9, 9))
    strayed = augmented(Noise(amount=0.25), x=x) - x
    assert strayed.std() == pytest.approx(0.25 * 8.0, rel=0.02)
    assert strayed.mean() == pytest.approx(0.0, abs=0.05)


def test_a_cut_hides_a_square_of_the_size_that_is_said() -> None:
    x = PICTURES + 1.0
    mean = x.mean(axis=(0, 2, 3))
    out = augmented(Cutout(size=0.4), x=x)
    side = Cutout(size=0.4).side((11, 14))
    assert side == 4
    hidden = (out != x).all(axis=1)
    areas = hidden.sum(axis=(1, 2))
    assert areas.max() == side * side
    assert areas.min() >= (side // 2) ** 2  # its middle is in the picture
    for sample, mask in zip(out, hidden, strict=True):
        np.testing.assert_allclose(
            sample[:, mask], np.broadcast_to(mean[:, None], (2, mask.sum())), rtol=1e-5
        )
        rows, columns = mask.any(axis=1).sum(), mask.any(axis=0).sum()
        assert rows * columns == mask.sum(), "a rectangle"
    np.testing.assert_array_equal(out[:, 0][~hidden], x[:, 0][~hidden])


def test_jitter_is_a_share_of_each_columns_spread() -> None:
    x = np.concatenate([ROWS] * 100)
    x[:, 2] = 4.0
    strayed = (augmented(Jitter(amount=0.5), x=x) - x).std(axis=0)
    np.testing.assert_allclose(strayed[:2], 0.5 * x.std(axis=0)[:2], rtol=0.05)
    assert strayed[2] == 0.0


# --- in training ------------------------------------------------------------------------------------------------------

DIGITS = prepare(Digits().make(), Preparation(train=0.2, validation=0.2))
POINTS = prepare(Circle(samples=107).make(), Preparation())
CNN = Network.chain(layers.Flatten(), layers.Dropout(p=0.1), layers.Linear(10))
CHAIN = (Rotate(), Shift(), Cutout(), Noise())


def trainer(batch: int = 16, chain: tuple[Augmentation, ...] = CHAIN, seed: int = 0) -> Trainer:
    if chain and not chain[0].for_images:
        net, data, loss = Network.chain(layers.Linear(3), layers.Tanh(), layers.Linear(1)), POINTS, Fit().loss
    else:
        net, data, loss = CNN, DIGITS, losses.CrossEntropyLoss()
    fit = Fit(loss=loss, batch_size=batch, augmentation=chain)
    return Trainer(Model(net, data.in_shape, seed), data.train, data.validation, fit, seed)


@pytest.mark.parametrize("chain", [CHAIN, (Jitter(),)], ids=["pictures", "points"])
def test_same_seed_same_numbers_however_it_is_cut(chain: tuple[Augmentation, ...]) -> None:
    runs = [trainer(chain=chain) for _ in range(3)]
    for _ in range(2):
        runs[0].finish_epoch()
    while runs[1].epoch < 2:
        runs[1].step()
    for _ in range(5):
        runs[2].step()
    middle = runs[2].snapshot()
    for _ in range(9):
        runs[2].step()
    runs[2].restore(middle)
    runs[2].update(runs[2].fit)
    while runs[2].epoch < 2:
        runs[2].step()
    for other in runs[1:]:
        np.testing.assert_array_equal(other.model.store.values, runs[0].model.store.values)
        np.testing.assert_array_equal(other.log.view().rows[-1], runs[0].log.view().rows[-1])
    plain = trainer(chain=chain)
    plain.update(plain.fit.replace(augmentation=()))
    for _ in range(2):
        plain.finish_epoch()
    assert (plain.model.store.values != runs[0].model.store.values).any()


def batches(run: Trainer) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of one epoch: samples ``(n, *in_shape)``, targets and which samples they are."""
    while True:
        up = run.upcoming()
        n = len(up.indices)
        yield np.moveaxis(up.x, -1, 0).reshape(n, *run.train.in_shape).copy(), up.t.copy(), up.indices
        run.step()
        if run.part_of_epoch == 0:
            return


def test_batches_hold_the_augmented_samples_with_their_own_targets() -> None:
    run, position = trainer(batch=50, chain=(Flip(probability=0.5), Noise())), 0
    expected = Augmenter(run.train.x, 0)
    for x, t, indices in batches(run):
        rows = expected(run.fit.augmentation, run.train.x[indices], 0, position)
        np.testing.assert_allclose(x, rows, atol=1e-6)
        np.testing.assert_array_equal(t, run.fit.loss.targets(run.train.y[indices], 10).T)
        position += len(indices)
    assert position == len(run.train)


def test_losses_are_measured_on_the_plain_data() -> None:
    """Of both parts; and the data themselves are left as they were."""
    before = [part.x.copy() for part in (DIGITS.train, DIGITS.validation)]  # type: ignore[union-attr]
    run = trainer(chain=(Noise(amount=2.0),))
    run.finish_epoch()
    plain = trainer(chain=())
    plain.model.load_state_dict(run.model.state_dict())
    assert plain.score() == (run.train_score, run.validation_score)
    for part, x in zip((DIGITS.train, DIGITS.validation), before, strict=True):
        np.testing.assert_array_equal(part.x, x)  # type: ignore[union-attr]


def test_a_live_change_keeps_the_weights_and_counts_from_the_next_batch() -> None:
    run = trainer(chain=())
    for _ in range(3):
        run.step()
    weights, plain = run.model.store.values.copy(), run.upcoming().x.copy()
    run.update(run.fit.replace(augmentation=(Cutout(),)))
    np.testing.assert_array_equal(run.model.store.values, weights)
    assert run.steps == 3
    assert (run.upcoming().x != plain).any()


def test_it_helps_where_there_are_few_samples() -> None:
    """Sixty pictures are learnt by heart in no time; turned a little, they teach what other pictures have in common with them."""
    data = prepare(Digits().make(), Preparation(train=0.2, validation=0.2, normalize="standardize"))
    few = Dataset(data.train.x[:60], data.train.y[:60], data.train.classes)
    found = {}
    for chain in ((), (Rotate(degrees=15.0),)):
        net = Network.chain(layers.Flatten(), layers.Linear(64), layers.ReLU(), layers.Linear(10))
        adam = optimizers.Adam(lr=0.003)
        fit = Fit(loss=losses.CrossEntropyLoss(), optimizer=adam, batch_size=10, augmentation=chain)
        run = Trainer(Model(net, few.in_shape), few, data.validation, fit)
        for _ in range(60):
            run.finish_epoch()
        assert run.train_score.metric == 1.0
        found[chain] = run.validation_score.loss
    plain, turned = found.values()
    assert turned < 0.95 * plain


# --- as a value -------------------------------------------------------------------------------------------------------


def test_a_chain_comes_back_from_plain_data_in_order() -> None:
    fit = Fit(augmentation=(Shift(amount=0.2), Flip(direction="vertical"), Shift()))
    plain = json.loads(json.dumps(fit.to_dict()))
    assert [one["type"] for one in plain["augmentation"]] == ["shift", "flip", "shift"]
    assert Fit(**coerce(Fit, plain)) == fit
    del plain["augmentation"]
    assert Fit(**coerce(Fit, plain)).augmentation == ()  # files from before there was any


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("shift", "expected any number of augmentations"),
        ([3], "expected any number of augmentations"),
        ([{"type": "shfit"}], "Did you mean shift"),
        ([{"type": "shift", "amount": 7}], "amount is 7"),
    ],
)
def test_a_chain_that_cannot_be_is_refused_in_words(wrong: object, words: str) -> None:
    with pytest.raises(EngineError, match=words):
        Fit(**coerce(Fit, {"augmentation": wrong}))
    with pytest.raises(SpecError):
        Fit(augmentation=(layers.Linear(3),))
