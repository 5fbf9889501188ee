"""One place, newest wins."""

import threading

from playground.document.project import Project
from playground.runner.mailbox import Mailbox
from playground.runner.messages import Frame


def frame(step: int) -> Frame:
    return Frame(Project(), step=step)


def test_the_newest_frame_wins_and_is_taken_once() -> None:
    box = Mailbox()
    assert box.wanted
    assert box.take() is None
    box.put(frame(1))
    assert not box.wanted
    box.put(frame(2))
    taken = box.take()
    assert taken is not None
    assert taken.step == 2
    assert box.wanted
    assert box.take() is None


def test_the_last_frame_is_never_lost_between_two_threads() -> None:
    box, count = Mailbox(), 20_000
    frames = [frame(i) for i in range(count)]

    def fill() -> None:
        for f in frames:
            box.put(f)

    writer = threading.Thread(target=fill)
    writer.start()
    seen: list[int] = []
    while not seen or seen[-1] != count - 1:
        taken = box.take()
        if taken is not None:
            seen.append(taken.step)
        elif not writer.is_alive() and box.wanted:
            break
    writer.join()
    assert seen[-1] == count - 1
    assert seen == sorted(set(seen))
