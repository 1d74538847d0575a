"""What was found of a pointmap is found again as long as that lives and is not written to, within a number of bytes."""

from dataclasses import replace

import closed_form
import pytest
import torch

from sam3d_geometry.geometry.gravity import find_up
from sam3d_geometry.geometry.kept import KEPT, Kept, fingerprint


def scene(frames=1, height=24, width=33):
    return closed_form.pointmap(torch.full((frames, height, width), 2.0))


class Finder:
    """Counts how often it is asked."""

    def __init__(self, size=1000):
        self.asked, self.size = 0, size

    def __call__(self):
        self.asked += 1
        return {"found": self.asked}, torch.zeros(self.size, dtype=torch.uint8)


def test_the_same_is_found_once():
    kept, find, pointmap = Kept(10_000), Finder(), scene()
    first = kept.of(pointmap, ("a", 1), pointmap, find)
    assert kept.of(pointmap, ("a", 1), pointmap[:], find) is first and find.asked == 1
    kept.of(pointmap, ("a", 2), pointmap, find)
    assert find.asked == 2 and len(kept) == 2
    kept.clear()
    assert len(kept) == 0 and kept.size == 0


@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("name", ["points", "mask", "intrinsics", "image"])
def test_a_pointmap_that_is_written_to_is_another(name, inference):
    with torch.inference_mode(inference):
        kept, find, pointmap = Kept(10_000), Finder(), scene()
        kept.of(pointmap, "a", pointmap, find)
        values = getattr(pointmap, name)
        values.view(-1)[1] = not bool(values.view(-1)[1]) if name == "mask" else values.view(-1)[1] + 1e-3
        kept.of(pointmap, "a", pointmap, find)
        assert find.asked == 2 and len(kept) == 1


def test_what_is_kept_goes_with_its_pointmap_and_a_new_one_at_its_address_gets_nothing():
    kept, find = Kept(10**6), Finder()
    values = scene()
    addresses = set()
    for _ in range(30):
        pointmap = replace(values)  # the same tensors in a new pointmap, often at the address of the last
        addresses.add(id(pointmap))
        kept.of(pointmap, "a", pointmap, find)
        del pointmap  # in no cycle: it goes at once, and so does what is kept of it
        assert len(kept) == 0
    assert find.asked == 30 and len(addresses) < 30


def test_no_more_is_kept_than_fits_and_the_longest_unasked_goes_first():
    kept, find, pointmap = Kept(2500), Finder(), scene()
    for name in ("a", "b", "a", "c", "a"):
        kept.of(pointmap, name, pointmap, find)
        assert kept.size <= 2500
    assert find.asked == 3
    kept.of(pointmap, "b", pointmap, find)
    assert find.asked == 4
    kept.of(pointmap, "large", pointmap, Finder(3000))
    assert len(kept) == 2


def test_of_a_clip_that_does_not_fit_as_a_whole_nothing_is_kept():
    kept, find, clip = Kept(2500), Finder(), scene(frames=4)
    for i in range(4):
        kept.of(clip, i, clip[i], find)
    assert len(kept) == 0
    for i in (0, 2):
        kept.of(clip, i, clip[i : i + 2], find)
    assert len(kept) == 2


@pytest.mark.parametrize(
    "values",
    [
        torch.arange(60_000.0),
        torch.arange(60_000.0, dtype=torch.float64),
        torch.arange(60_000) % 7 > 3,
        torch.arange(13_001.0).half(),
    ],
    ids=["float32", "float64", "bool", "float16"],
)
def test_a_fingerprint_tells_places_apart(values):
    own = fingerprint([values])
    for other in (
        values.flip(0),
        values.roll(1),
        values[:-1],
        torch.cat([values[4096:], values[:4096]]),
        -values.float(),
    ):
        assert fingerprint([other]) != own
    assert fingerprint([values.clone()]) == fingerprint([values, None]) == own
    assert fingerprint([torch.cat([values[:3], values])[3:]]) == own  # at an address that is no multiple of a word


def test_up_is_found_once_of_a_pointmap():
    pointmap = closed_form.pointmap(closed_form.plane(48, 64, 60.0, -90.0, 3.0)[0])
    KEPT.clear()
    first = find_up(pointmap)
    assert len(KEPT) == 1 and torch.equal(find_up(pointmap).world_from_camera, first.world_from_camera)
    pointmap.points.copy_(closed_form.pointmap(closed_form.plane(48, 64, 40.0, -90.0, 3.0)[0]).points)
    assert float((find_up(pointmap).world_from_camera - first.world_from_camera).abs().max()) > 0.1
