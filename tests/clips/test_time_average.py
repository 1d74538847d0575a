"""An average goes forward, and for zero lag backward too; it starts anew at each cut and tells each frame once."""

import pytest

from sam3d_geometry.clips.time_average import TimeAverage, check_direction, memory_of, run_average


class Sums(TimeAverage):
    """Sums numbers instead of averaging frames, and notes what it was given."""

    def __init__(self, numbers):
        super().__init__(numbers)
        self.forward, self.backward, self.before = {}, {}, []

    def step(self, index, before, history):
        self.before.append((index, before))
        return self.seen[index] + (history or 0)

    def keep(self, index, forward):
        self.forward[index] = forward

    def join(self, index, backward):
        self.backward[index] = backward


NUMBERS = [1, 2, 4, 8, 16]
CUTS = [True, False, False, True, False]


def test_time_goes_forward_from_cut_to_cut():
    sums = Sums(NUMBERS)
    assert run_average(sums, CUTS, "causal") == 24
    assert sums.forward == {0: 1, 1: 3, 2: 7, 3: 8, 4: 24} and sums.backward == {}
    assert sums.before == [(0, None), (1, 1), (2, 2), (3, None), (4, 8)]


def test_zero_lag_comes_back_from_cut_to_cut():
    sums = Sums(NUMBERS)
    assert run_average(sums, CUTS, "zero lag") == 24  # the history after the last frame, for what comes next
    assert sums.forward == {0: 1, 1: 3, 2: 7, 3: 8, 4: 24}
    assert sums.backward == {4: 16, 3: 24, 2: 4, 1: 6, 0: 7}


def test_it_goes_on_from_an_earlier_run_unless_a_shot_starts():
    sums = Sums(NUMBERS)
    run_average(sums, [False] * 5, "causal", (64, 100))
    assert sums.before[0] == (0, 64) and sums.forward[4] == 131
    run_average(cut := Sums(NUMBERS), [True, *[False] * 4], "causal", (64, 100))
    assert cut.before[0] == (0, None) and cut.forward[4] == 31


@pytest.mark.parametrize(("direction", "total"), [("causal", 5), ("zero lag", 10)])
def test_every_step_is_told_once_and_may_stop_it(direction, total):
    told = []
    run_average(Sums(NUMBERS), CUTS, direction, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(i, total) for i in range(1, total + 1)]

    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_average(Sums(NUMBERS), CUTS, direction, on_progress=stop)


def test_strengths_are_lengths_of_memory_and_wrong_words_are_refused():
    assert memory_of(0.0) == 1 and memory_of(0.75) == 4
    check_direction("zero lag")
    with pytest.raises(ValueError, match="Direction 'sideways' is not known; choose one of causal, zero lag"):
        check_direction("sideways")
    with pytest.raises(ValueError, match="without frames"):
        run_average(Sums([]), [], "causal")
