"""The lessons that come with the program hold what they say: their solutions reach their goals, their mistakes are mistakes."""

import pytest

from playground.lessons.check import agrees, check
from playground.lessons.lesson import Free, Lesson, links_in
from playground.lessons.reading import lessons

ALL = lessons()


@pytest.mark.parametrize("lesson", ALL, ids=[lesson.id for lesson in ALL])
def test_a_lesson_holds_what_it_says(lesson: Lesson) -> None:
    assert check(lesson) == ()
    assert 5 <= lesson.minutes <= 15
    assert lesson.goals
    assert lesson.questions
    assert any(isinstance(block, Free) for block in lesson.pages[-1].blocks), "a task of one's own at the end"
    assert all(list(links_in(block)) is not None for page in lesson.pages for block in page.blocks)
    for question in lesson.questions:
        assert question.because, question.id
        wrong = [choice for choice in (*question.choices, *question.reasons) if not choice.right]
        assert all(choice.remark for choice in wrong), question.id


def test_each_lesson_has_its_own_name() -> None:
    assert len({lesson.title for lesson in ALL}) == len(ALL)
    topics = [lesson.topic for lesson in ALL]
    assert [t for i, t in enumerate(topics) if i == 0 or topics[i - 1] != t] == list(dict.fromkeys(topics)), (
        "a topic's lessons stand together"
    )


@pytest.mark.parametrize(
    ("guess", "right", "digits", "good"),
    [
        (0.25, 0.254, 2, True),
        (0.25, 0.256, 2, True),
        (-0.092, -0.0925, 2, True),  # of the shown 0.270 · −0.170 − 0.141 · 0.329
        (0.25, 0.261, 2, False),
        (8, 8.0, 2, True),
        (401, 400.0, 3, False),  # what is counted is not rounded
        (0.3, 0.254, 2, False),
        (-0.25, 0.254, 2, False),
        (1.0, 0.996, 2, True),
        (1.01, 0.996, 2, False),
        (12, 12.4, 2, True),
        (0.0, 0.0, 2, True),
        (0.01, 0.0, 2, False),
        (9.95, 9.949, 3, True),
    ],
)
def test_numbers_agree_to_so_many_digits(guess: float, right: float, digits: int, good: bool) -> None:
    assert agrees(guess, right, digits) is good
