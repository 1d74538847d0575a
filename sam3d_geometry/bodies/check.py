"""Whether people that were found make sense: in the picture, in themselves, among each other, and in the scene."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from ..geometry.camera import fov_degrees_from_intrinsics
from ..geometry.pointmap import Pointmap
from .bodies import Bodies
from .contact import sole_depths
from .placement import measure, require_same_pictures
from .records import Fault
from .size import statures
from .skeleton import KEYPOINT_NAMES, keypoints
from .surface import person_mask, raster_of

RESIDUAL_PIXELS = 0.005  # of the longer side of the picture by which keypoints in space and in the picture may differ
STATURES_M = (0.6, 2.3)
LONGEST_REACH = 1.6  # statures that the farthest two points of a person may lie apart
FLOOR_CM, SCENE_SHARE = 8.0, 0.05
ORDER_SIZE = 256  # longer side at which people are compared who hide each other
ORDER_PIXELS = 40
OK = "ok"


def describe_bodies(bodies: Bodies) -> str:
    """Who is there, in a few lines to read."""
    frames = len(bodies)
    height, width = bodies.image_size
    t, p = torch.nonzero(bodies.present)[0].tolist()
    fov_x, fov_y = fov_degrees_from_intrinsics(bodies.intrinsics(t, p)[None])
    who, when = "person" if bodies.persons == 1 else "people", "frame" if frames == 1 else "frames"
    camera = f"field of view {float(fov_x[0]):.1f} x {float(fov_y[0]):.1f} degrees"
    lines = [f"{bodies.persons} {who} in {frames} {when} of {width} x {height} pixels; {camera}."]
    tall = statures(bodies)
    for person in range(bodies.persons):
        there = bodies.present[:, person]
        depth = float(bodies.translations[there][:, person, 2].median()) if bool(there.any()) else 0.0
        lines.append(
            f"Person {person}: in {int(there.sum())} of the frames, {float(tall[there][:, person].median()):.2f} m tall, "
            f"{depth:.2f} m in front of the camera."
        )
    return "\n".join(lines)


def check_bodies(bodies: Bodies, pointmap: Pointmap | None = None, faults: Sequence[Fault] = ()) -> str:
    """Every check of this file, a line each, beginning with `ok` or `look`; metric pointmaps of the same frames join in."""
    found = [
        _numbers(faults),
        _in_the_picture(bodies),
        _sizes(bodies),
        _sides(bodies),
        _order(bodies),
        _floor(bodies),
        _one_size(bodies),
    ]
    if pointmap is not None:
        found.append(_against_scene(bodies, pointmap))
    return "\n".join(found)


def _verdict(fine: bool, words: str) -> str:
    return f"{OK if fine else 'look'}: {words}"


def _numbers(faults: Sequence[Fault]) -> str:
    said = "; ".join(str(fault) for fault in faults[:3]) + (f" and {len(faults) - 3} more" if len(faults) > 3 else "")
    return _verdict(not faults, said + "; they count as absent there." if faults else "all values are numbers.")


def reprojection(bodies: Bodies) -> torch.Tensor:
    """How far each keypoint in space is seen from where it is in the picture, (T, P, 70) pixels, by index; 0 for the absent."""
    off = (bodies.projected(bodies.keypoints) - bodies.keypoints_2d).norm(dim=-1)
    return torch.where(bodies.present[..., None], off, 0)


def _in_the_picture(bodies: Bodies) -> str:
    off = reprojection(bodies)[bodies.present]
    worst = int(off.amax(0).argmax())
    allowed = RESIDUAL_PIXELS * max(bodies.image_size)
    return _verdict(
        float(off.median()) <= allowed,
        f"keypoints in space are seen {float(off.median()):.2f} pixels from those in the picture (median), "
        f"{float(off.max()):.1f} at worst ({KEYPOINT_NAMES[worst]}).",
    )


def _sizes(bodies: Bodies) -> str:
    tall = statures(bodies)[bodies.present]
    extent = (bodies.vertices.amax(2) - bodies.vertices.amin(2)).amax(-1)[bodies.present]
    inside = bool(((tall >= STATURES_M[0]) & (tall <= STATURES_M[1])).all()) and bool(
        (extent <= LONGEST_REACH * tall).all()
    )
    return _verdict(
        inside,
        f"statures are {float(tall.min()):.2f} to {float(tall.max()):.2f} m, and people extend over {float(extent.max()):.2f} m at most.",
    )


def mirrored(bodies: Bodies) -> torch.Tensor:
    """(T, P) bool: left and right are exchanged. Seen from above, a person's left is to the left of where the face and toes point."""
    names = ("left-hip", "right-hip", "left-shoulder", "right-shoulder", "neck", "nose", "left-heel", "right-heel")
    left_hip, right_hip, left, right, neck, nose, left_heel, right_heel = bodies.keypoints[
        :, :, keypoints(names)
    ].unbind(2)
    toes = bodies.keypoints[:, :, keypoints(["left-big-toe-tip", "right-big-toe-tip"])].unbind(2)
    up = neck - (left_hip + right_hip) / 2
    ahead = torch.nn.functional.normalize(toes[0] - left_heel + toes[1] - right_heel, dim=-1)
    ahead = ahead + torch.nn.functional.normalize(nose - neck - up * 0.2, dim=-1)
    aside = left - right + left_hip - right_hip
    return bodies.present & ((torch.linalg.cross(up, ahead) * aside).sum(-1) < 0)


def _sides(bodies: Bodies) -> str:
    wrong = mirrored(bodies)
    people = sorted({p for _, p in torch.nonzero(wrong).tolist()})
    said = f"left and right of person {', '.join(map(str, people))} are exchanged, in {int(wrong.sum())} places."
    return _verdict(not people, said if people else "left and right are where they belong.")


def _order(bodies: Bodies) -> str:
    """Where two people cover the same pixels and their masks say who is in front: whether their depths say the same."""
    if bodies.masks is None or bodies.faces is None:
        return _verdict(True, "no masks came, so nothing tells who hides whom.")
    scale = ORDER_SIZE / max(bodies.image_size)
    size = (max(1, round(bodies.image_size[0] * scale)), max(1, round(bodies.image_size[1] * scale)))
    wrong, compared = [], 0
    for t in range(len(bodies)):
        here = [(p, mask) for p in bodies.here(t) if (mask := person_mask(bodies, t, p, size)) is not None]
        rasters = {p: raster_of(bodies, t, p, size) for p, _ in here} if len(here) > 1 else {}
        for p, front in here:
            for q, back in here:
                if p == q:
                    continue
                both = front & ~back & (rasters[p].face >= 0) & (rasters[q].face >= 0)
                if int(both.sum()) < ORDER_PIXELS:
                    continue
                compared += 1
                if float((rasters[p].depth[both] > rasters[q].depth[both]).float().mean()) > 0.5:
                    wrong.append(f"person {p} covers {q} in frame {t} and is farther away")
    if wrong:
        return _verdict(False, "; ".join(wrong[:3]) + (f" and {len(wrong) - 3} more." if len(wrong) > 3 else "."))
    return _verdict(True, f"who hides whom agrees with the depths ({compared} pairs).")


def _floor(bodies: Bodies) -> str:
    if bodies.world_from_camera is None:
        return _verdict(True, "the floor is not known; Place Bodies In Scene finds it.")
    gaps = []
    for t, p in torch.nonzero(bodies.present).tolist():
        world = bodies.world_from_camera[t]
        lowest = float(sole_depths(bodies, t, p, world[1, :3].float()).max()) + float(world[1, 3])
        gaps.append(-100 * lowest)
    middle, sunk = sorted(gaps)[len(gaps) // 2], min(gaps)
    return _verdict(
        abs(middle) <= FLOOR_CM and sunk >= -FLOOR_CM,
        f"soles are {middle:.1f} cm above the floor (median), from {sunk:.1f} to {max(gaps):.1f} cm.",
    )


def _one_size(bodies: Bodies) -> str:
    tall = statures(bodies)
    worst = 0.0
    for p in range(bodies.persons):
        own = tall[:, p][bodies.present[:, p]]
        worst = max(worst, float(own.max() / own.min()) - 1) if len(own) else worst
    return _verdict(worst <= 0.02, f"a person's size changes by {100 * worst:.1f} % over the clip.")


def _against_scene(bodies: Bodies, pointmap: Pointmap) -> str:
    require_same_pictures(bodies, pointmap)
    if not pointmap.metric:
        return _verdict(True, "the pointmap has no meters; Place Bodies In Scene gives them.")
    fits = measure(bodies, pointmap)
    if not fits:
        return _verdict(False, "nobody is seen on the pointmap.")
    by_person: dict[int, list[float]] = {}
    for (_, p), (fit, _) in fits.items():
        by_person.setdefault(p, []).append(math.exp(fit.log_ratio))
    middle = {p: sorted(values)[len(values) // 2] for p, values in by_person.items()}
    off = {p: 100 * (1 - value) for p, value in middle.items()}
    said = ", ".join(
        f"person {p} {abs(o):.1f} % {'behind' if o > 0 else 'in front of'} it" for p, o in sorted(off.items())
    )
    return _verdict(max(map(abs, off.values())) <= 100 * SCENE_SHARE, f"on the scene's surface: {said}.")
