"""MHR_POSE_DATA as ComfyUI core's Run SAM3D Body Prediction gives it, of the tests' mannequins."""

import numpy
import torch
from people import SIZE, two_people

from sam3d_geometry.bodies.bodies import PARAMETERS
from sam3d_geometry.bodies.records import record_of
from sam3d_geometry.bodies.surface import raster_of


def silhouette(people, t, p):
    """A person's mask as core gives it, (H, W, 1) uint8."""
    return (raster_of(people, t, p, SIZE).face >= 0)[..., None].to(torch.uint8)


def core_payload(frames=1, empty=()):
    """Two people with all keys of core; nobody in the frames of `empty`."""
    people = two_people(frames)
    generator = numpy.random.default_rng(3)
    listed = []
    for t in range(frames):
        listed.append([])
        for p in () if t in empty else people.here(t):
            record = record_of(people, t, p)
            for ours in ("track_id", "size_factor"):
                del record[ours]
            for key, count in PARAMETERS.items():
                record.setdefault(key, generator.normal(size=count).astype(numpy.float32))
            record["pred_face_keypoints_3d"] = generator.normal(size=(238, 3)).astype(numpy.float32)
            record["pred_face_keypoints_2d"] = generator.normal(size=(238, 2)).astype(numpy.float32)
            record["mask"] = silhouette(people, t, p) if p == 0 else None
            record["lhand_bbox"] = generator.normal(size=4).astype(numpy.float32)
            listed[-1].append(record)
    count = people.vertex_count
    return {
        "frames": listed,
        "faces": people.faces.numpy().astype(numpy.int32),
        "image_size": SIZE,
        "canonical_colors": {"positions": numpy.zeros((count, 3), dtype=numpy.float32)},
        "hand_vert_mask": numpy.zeros(count, dtype=bool),
    }
