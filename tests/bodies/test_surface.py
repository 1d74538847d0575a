"""The surface that is seen: nearest people hide others, depth is that of the mesh, and normals face the camera."""

from dataclasses import replace

import torch
from people import SIZE, standing, two_people

from sam3d_geometry.bodies.surface import NOBODY, facing_of, person_mask, raster_of, seen_people


def test_who_is_nearer_hides_who_is_behind():
    people = standing((0.0, 5.0), (0.1, 3.0))
    seen = seen_people(people, 0, (120, 160))
    back, front = (raster_of(people, 0, p, (120, 160)) for p in (0, 1))
    both = (back.face >= 0) & (front.face >= 0)
    assert int(both.sum()) > 50 and bool((seen.person[both] == 1).all())
    assert torch.equal(seen.depth[both], front.depth[both])
    assert torch.equal(seen.person == NOBODY, (back.face < 0) & (front.face < 0))


def test_the_silhouette_has_the_keypoints_in_it():
    people = two_people()
    seen = seen_people(people, 0, SIZE)
    for p in (0, 1):
        hip = people.keypoints_2d[0, p, 9:11].mean(0)
        assert int(seen.person[int(hip[1]), int(hip[0])]) == p
    there = seen.person != NOBODY
    assert bool((seen.normals[there][:, 2] <= 0).all())
    assert torch.allclose(seen.normals[there].norm(dim=-1), torch.ones(int(there.sum())), atol=1e-4)


def test_what_faces_the_camera_has_a_cosine_near_one_and_the_rim_a_small_one():
    people = standing((0.0, 4.0))
    raster = raster_of(people, 0, 0, SIZE)
    facing = facing_of(people, 0, 0, raster)
    row = int(people.keypoints_2d[0, 0, 9, 1]) - 30
    columns = torch.nonzero(raster.face[row] >= 0).flatten()
    assert float(facing[row, columns[0]]) < 0.4 < 0.9 < float(facing[row, columns].max())
    assert not facing[raster.face < 0].any()


def test_masks_come_at_the_size_that_is_asked_for_whatever_white_is():
    people = two_people()
    mask = torch.zeros(SIZE, dtype=torch.uint8)
    mask[:, : SIZE[1] // 2] = 255
    masked = replace(people, masks=((mask, None),))
    half = person_mask(masked, 0, 0, (120, 160))
    assert bool(half[:, :79].all()) and not half[:, 81:].any()
    assert person_mask(masked, 0, 1, (120, 160)) is None and person_mask(people, 0, 0, SIZE) is None
