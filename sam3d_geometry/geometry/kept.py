"""What was found of a pointmap and is asked for again, as when one knob of an effect is turned: kept while the pointmap lives.

It is known by the pointmap itself, which a new one at the address of a freed one is not, and by sums over what was read of it,
which change where that is written to. Versions of tensors would not do: those of inference mode, in which ComfyUI runs, have none.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from typing import TypeVar

import torch

from .pointmap import Pointmap

BUDGET = 256 << 20  # bytes of all that is kept: surfaces of four pictures of 1920 x 1080
ROW = 4096  # words of 8 bytes that are added across and down
MULTIPLIER = 2 * 2654435761  # Knuth's, doubled: with 1 added every weight is odd, so that no bit is lost

Value = TypeVar("Value")


def _sums(values: torch.Tensor) -> torch.Tensor:
    """Tensor -> (2,) whole numbers that change with its bits and with their places, on its device."""
    octets = values.detach().contiguous().view(-1).view(torch.uint8)
    if len(octets) % 8 or octets.storage_offset() % 8:
        octets = torch.cat([octets, octets.new_zeros(-len(octets) % 8)])
    words = octets.view(torch.int64)
    whole = len(words) // ROW * ROW
    table = words[:whole].view(-1, ROW)
    told = []
    for part in (table.sum(0), torch.cat([table.sum(1), words[whole:]])):
        weight = torch.arange(1, len(part) + 1, device=part.device) * MULTIPLIER + 1
        told.append((part * weight).sum())
    return torch.stack(told)


def fingerprint(tensors: Iterable[torch.Tensor | None]) -> tuple[Hashable, ...]:
    """What tells tensors of one device from others: shapes, number formats and sums over all their bits."""
    given = [tensor for tensor in tensors if tensor is not None]
    shapes = tuple((tuple(tensor.shape), tensor.dtype) for tensor in given)
    sums = torch.stack([_sums(tensor) for tensor in given]).flatten().tolist() if given else []
    return (*shapes, *sums)


def _tensors_in(value: object) -> list[torch.Tensor]:
    """All tensors of a tensor, a sequence or a dataclass."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in _tensors_in(part)]
    if is_dataclass(value):
        return _tensors_in([getattr(value, field.name) for field in fields(value)])
    return []


@dataclass(frozen=True)
class _Kept:
    owner: weakref.ref[Pointmap]
    read: tuple[Hashable, ...]
    value: object
    size: int


class Kept:
    """Values that were found of pointmaps, at most `budget` bytes of them: the one that was not asked for the longest goes first."""

    def __init__(self, budget: int):
        self.budget = budget
        self._found: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = threading.RLock()  # a pointmap can die, and what is kept of it with it, in the middle of all this

    def __len__(self) -> int:
        return len(self._found)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return sum(found.size for found in self._found.values())

    def of(self, pointmap: Pointmap, name: Hashable, part: Pointmap, make: Callable[[], Value]) -> Value:
        """What `make` finds of `part` of a pointmap, or what it found before. It must not be written to.

        `name` says what it is, with everything else that it depends on. Of a clip that does not fit as a whole nothing is kept:
        its last frames would push out its first before they are asked for again.
        """
        key = (id(pointmap), name)
        read = fingerprint((part.points, part.mask, part.intrinsics, part.image, part.normals, part.unrefined))
        with self._lock:
            found = self._found.get(key)
            if found is not None and found.owner() is pointmap and found.read == read:
                self._found.move_to_end(key)
                return found.value  # pyright: ignore[reportReturnType]  of the same name, so of the same type
        value = make()
        size = sum(tensor.untyped_storage().nbytes() for tensor in _tensors_in(value))
        if size * len(pointmap) <= self.budget * len(part):
            self._keep(key, _Kept(weakref.ref(pointmap, lambda _: self._drop(key)), read, value, size))
        return value

    def _keep(self, key: Hashable, found: _Kept) -> None:
        with self._lock:
            self._found.pop(key, None)
            self._found[key] = found
            while self.size > self.budget:
                self._found.popitem(last=False)

    def _drop(self, key: Hashable) -> None:
        with self._lock:
            self._found.pop(key, None)

    def clear(self) -> None:
        """Frees all of it."""
        with self._lock:
            self._found.clear()


KEPT = Kept(BUDGET)
