"""A tree over ranges of slopes that finds in logarithmic time whether one of the first n ranges of a row holds a slope."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F


@dataclass(frozen=True)
class _Level:
    """What each node (rows, nodes) of one level says of the ranges below it.

    highest   the greatest front
    its_back  the back of the range that has it
    lowest    the least back
    """

    highest: torch.Tensor
    its_back: torch.Tensor
    lowest: torch.Tensor

    def even(self) -> _Level:
        """The level with a last node that holds nothing, where their number is odd."""
        if self.highest.shape[1] % 2 == 0:
            return self
        return _Level(
            F.pad(self.highest, (0, 1), value=-math.inf),
            F.pad(self.its_back, (0, 1), value=math.inf),
            F.pad(self.lowest, (0, 1), value=math.inf),
        )

    def halved(self) -> _Level:
        """The level above, with one node for every two of this one."""
        left, right = self.highest[:, 0::2], self.highest[:, 1::2]
        return _Level(
            torch.maximum(left, right),
            torch.where(left >= right, self.its_back[:, 0::2], self.its_back[:, 1::2]),
            torch.minimum(self.lowest[:, 0::2], self.lowest[:, 1::2]),
        )


class SlopeTree:
    """Rows of ranges from a back to a front slope, and which of the first n of a row holds a given slope.

    For one row of five ranges with fronts 3, 1, 2, 5, 4 and backs 2, 0, 1, 4, 3 the levels are, as front / least back,

        3 / 2   1 / 0   2 / 1   5 / 4   4 / 3   nothing
            3 / 0           5 / 1           4 / 3        nothing
                    5 / 0                        4 / 3
                                   5 / 0

    Whether one of the first three holds 1.5 is asked of two nodes, one for each bit of three: 3 / 0 (the first two) and
    2 / 1 (the third). A node whose front is not above the slope or whose least back is not below it holds nothing. One
    whose greatest front belongs to a range that reaches below the slope holds it: 2 / 1 does. Of any other, such as 3 / 0
    with its front's own back 2, the two nodes below are asked.
    """

    def __init__(self, front: torch.Tensor, back: torch.Tensor):
        """front and back (rows, length); -inf and inf where there is no range."""
        self._levels = [_Level(front, back, back)]
        while self._levels[-1].highest.shape[1] > 1:
            self._levels[-1] = self._levels[-1].even()
            self._levels.append(self._levels[-1].halved())

    def holds(self, row: torch.Tensor, first: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
        """Bool (N,): whether one of the `first` (N,) ranges of `row` (N,) has front > slope > back for a `slope` (N,)."""
        held = torch.zeros_like(slope, dtype=torch.bool)
        query = node = row.new_empty(0)
        for height in range(len(self._levels) - 1, -1, -1):
            level = self._levels[height]
            # the first n ranges are the union of one node for each bit of n that is set, as in a Fenwick tree
            fresh = ((first >> height) & 1).nonzero()[:, 0]
            query, node = torch.cat([query, fresh]), torch.cat([node, (first[fresh] >> height) - 1])
            at = row[query] * level.highest.shape[1] + node
            wanted = slope[query]
            possible = (
                (level.highest.view(-1).index_select(0, at) > wanted)
                & (level.lowest.view(-1).index_select(0, at) < wanted)
                & ~held[query]
            )
            certain = possible & (level.its_back.view(-1).index_select(0, at) < wanted)
            held[query[certain]] = True
            left = (possible & ~certain).nonzero()[:, 0]
            query, node = query[left], node[left] * 2
            query, node = torch.cat([query, query]), torch.cat([node, node + 1])
        return held
