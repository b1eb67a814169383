from __future__ import annotations

from shared.projection.states import States


def test_a_key_is_looked_up_once() -> None:
    states = States()
    cell = states.cell((1,))
    assert states.missing == {(1,): cell}
    states.missing.clear()
    assert states.cell((1,)) is cell
    assert not states.missing


def test_from_the_beginning_only_what_was_let_go_is_looked_up() -> None:
    states = States(from_the_beginning=True, remembered=2)
    for first in (0, 3, 6):
        for key in range(first, first + 3):
            states.cell((key,))
        assert not states.missing
        states.rotate()
    states.cell((7,))
    assert not states.missing
    states.cell((1,))
    assert set(states.missing) == {(1,)}


def test_what_is_used_stays() -> None:
    states = States(remembered=1)
    kept = states.cell((0,))
    for key in range(1, 9):
        states.cell((key,))
        assert states.cell((0,)) is kept
        states.rotate()
