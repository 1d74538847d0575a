"""Cancel is heard between operations, and costs nothing where nobody asks."""

import pytest
import torch

from sam3d_geometry.geometry.interruption import Interruptible


class Cancelled(Exception):
    pass


def test_the_operation_after_cancel_is_not_done():
    done, cancelled = [], []

    def check():
        if cancelled:
            raise Cancelled

    with pytest.raises(Cancelled), Interruptible(check, seconds_between=0):
        for i in range(10):
            torch.ones(3).add_(i)
            done.append(i)
            if i == 4:
                cancelled.append(True)
    assert done == [0, 1, 2, 3, 4]


def test_questions_keep_their_distance_and_end_with_the_context():
    asked = []
    with Interruptible(lambda: asked.append(None), seconds_between=60):
        for _ in range(100):
            torch.ones(3).add_(1)
    assert len(asked) == 1
    torch.ones(3).add_(1)
    assert len(asked) == 1


def test_results_are_the_same_with_and_without():
    x = torch.rand(4, 5)
    with Interruptible(lambda: None, seconds_between=0):
        within = torch.nn.functional.normalize(x, dim=-1).sum(0, keepdim=True)
    assert torch.equal(within, torch.nn.functional.normalize(x, dim=-1).sum(0, keepdim=True))
