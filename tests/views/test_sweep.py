"""The picture of a sweep: the camera stays, what is nearer covers what is farther, and the surface grows."""

import math

import torch

from sam3d_geometry.views.sweep import EMPTY, Sweep, picture_of_sweep

LOW, HIGH = torch.tensor([-1.0, -1, 3]).double(), torch.tensor([1.0, 1, 5]).double()
RED, GREEN = [1.0, 0, 0], [0, 1.0, 0]


def sweep(points, colours):
    start = Sweep(torch.zeros(0, 3), torch.zeros(0, 3), (), 3, LOW, HIGH, 0.1)
    return start.further(torch.tensor(points), torch.tensor(colours))


def painted(picture):
    return (picture != EMPTY).any(-1)


def test_nothing_is_an_empty_picture():
    start = Sweep(torch.zeros(0, 3), torch.zeros(0, 3), (), 3, LOW, HIGH, 0.1)
    assert not painted(picture_of_sweep(start, 32)).any()


def test_a_ball_that_fills_the_volume_is_in_the_picture():
    turns = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    ball = torch.nn.functional.normalize(turns, dim=1) + torch.tensor([0, 0, 4.0])
    rows, columns = painted(picture_of_sweep(sweep(ball.tolist(), [RED] * 400), 200)).nonzero().T
    assert rows.min() > 0 and rows.max() < 199 and columns.min() > 0 and columns.max() < 199
    assert columns.max() - columns.min() > 100


def test_what_is_nearer_covers_what_is_farther_in_any_order():
    # on the ray from the middle to the picture's camera, 60 degrees to the right of the photo's and 20 above it
    middle, (turn, rise) = torch.tensor([0, 0, 4.0]), (math.radians(60), math.radians(20))
    ray = torch.tensor(
        [math.sin(turn) * math.cos(rise), -math.sin(rise), -math.cos(turn) * math.cos(rise)], dtype=torch.float32
    )
    near, far = (middle + 0.5 * ray).tolist(), (middle - 0.5 * ray).tolist()
    for points, colours in (([near, far], [GREEN, RED]), ([far, near], [RED, GREEN])):
        picture = picture_of_sweep(sweep(points, colours), 64)
        assert (picture[painted(picture)][:, 0] == 0).all() and picture[..., 1].max() > 0.9


def test_another_pass_adds_and_moves_nothing():
    first = sweep([[0.0, 0, 3.5]], [RED])
    second = first.further(torch.tensor([[0.5, 0.5, 4.5]]), torch.tensor([GREEN]))
    before, after = (picture_of_sweep(s, 64) for s in (first, second))
    assert second.reached == (1, 2) and second.done == 2
    assert (painted(after)[painted(before)]).all() and painted(after).sum() > painted(before).sum()
