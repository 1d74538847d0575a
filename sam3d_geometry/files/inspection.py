"""Inspection: a pointmap as the one compact file that the Pointmap Inspector reads in the browser.

    bytes 0-7            MAGIC
    bytes 8-11, 12-15    version, length of the JSON in bytes; unsigned, little-endian
    then                 the JSON (UTF-8); its [offset, length] pairs count from the end of the JSON
    then per frame       depth, normals_u, normals_v, photo

depth    float32, bit for bit, 0 where there is no geometry. The bits, as integers, are differenced along rows and columns,
         their bytes put in planes, lowest first, and deflated (zlib): lossless, a third to a half of the size.
normals  unit vectors folded onto an octahedron (Cigolle et al., A Survey of Efficient Representations for Independent Unit
         Vectors, 2014) in steps of 1/2047, two planes of int16, each stored as the depth is; at most 0.06 degrees off.
photo    JPEG
"""

from __future__ import annotations

import io
import json
import struct
import zlib

import torch

from ..geometry.colour import eight_bit
from ..geometry.normals import surface_normals
from ..geometry.pointmap import Pointmap
from ..geometry.progress import OnProgress
from ..maps.colormap import apply_colormap
from ..maps.depth import depth_range

MAGIC = b"S3DINSPC"
VERSION = 1
MAX_PREVIEW_PIXELS = 1 << 23  # over all frames: 56 frames of 512 x 288, about 25 MB
CLIP_PERCENT = 0.5  # of the pixels at each end share the colour of that end, as in every other range of the pack
CURVE = "disparity"
OCTAHEDRON_STEPS = 2047
NO_NORMAL = -2048
COLOURS = 256
PREVIEW_QUALITY = 88
MAPS_DEFLATE_LEVEL = 4  # beyond, a twentieth smaller in twice the time


def evenly_chosen(count: int, at_most: int) -> list[int]:
    """Indices of `at_most` of `count` frames at even steps, the first and the last among them; all if there are fewer."""
    if at_most >= count:
        return list(range(count))
    if at_most <= 1:
        return [0]
    return [round(i * (count - 1) / (at_most - 1)) for i in range(at_most)]


def octahedral_from_normals(normals: torch.Tensor) -> torch.Tensor:
    """Unit normals (..., 3) in OpenCV axes -> int16 (..., 2) in [-2047, 2047]; NO_NORMAL where a normal is 0.

    The octahedron's middle is (0, 0, -1), which faces the camera, so that visible surfaces stay clear of its folded corners.
    """
    size = normals.abs().sum(-1, keepdim=True)
    planar, toward = (normals / size.clamp_min(1e-12)).split([2, 1], -1)
    folded = (1 - planar.abs().flip(-1)) * torch.where(planar < 0, -1.0, 1.0)
    steps = (torch.where(toward > 0, folded, planar) * OCTAHEDRON_STEPS).round()
    return torch.where(size > 0, steps, NO_NORMAL).to(torch.int16)


def _packed(plane) -> bytes:
    """Integers (H, W) of 2 or 4 bytes -> differences along both axes, which wrap, as deflated planes of bytes."""
    import numpy

    differences = plane.copy()
    differences[1:] -= plane[:-1]
    differences[:, 1:] -= differences[:, :-1].copy()
    little_endian = numpy.ascontiguousarray(differences, dtype=differences.dtype.newbyteorder("<"))
    by_byte = little_endian.reshape(-1, 1).view(numpy.uint8).T
    return zlib.compress(numpy.ascontiguousarray(by_byte).tobytes(), MAPS_DEFLATE_LEVEL)


def _jpeg(image: torch.Tensor) -> bytes:
    from PIL import Image

    pixels = eight_bit(image).cpu().numpy()
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=PREVIEW_QUALITY)
    return target.getvalue()


def _frame_parts(frame: Pointmap) -> dict[str, bytes]:
    import numpy

    depth = torch.where(frame.mask, frame.depth, 0).float()
    normals = surface_normals(frame)
    octahedral = octahedral_from_normals(torch.where(frame.mask[..., None], normals, 0).nan_to_num())[0].cpu().numpy()
    return {
        "depth": _packed(depth[0].cpu().numpy().view(numpy.int32)),
        "normals_u": _packed(octahedral[..., 0]),
        "normals_v": _packed(octahedral[..., 1]),
        "photo": _jpeg(frame.image[0]),
    }


def _extremes(pointmap: Pointmap) -> tuple[float, float]:
    """Nearest and farthest valid depth of all frames; (0, 0) without any."""
    pairs = [depth[mask].aminmax() for depth, mask in zip(pointmap.depth, pointmap.mask) if bool(mask.any())]
    if not pairs:
        return 0.0, 0.0
    return min(float(pair.min) for pair in pairs), max(float(pair.max) for pair in pairs)


def encode_inspection(
    pointmap: Pointmap,
    colormap: str = "turbo",
    max_pixels: int = MAX_PREVIEW_PIXELS,
    on_progress: OnProgress | None = None,
) -> bytes:
    """The file (see above) of a pointmap: depth and camera exactly, normals, the photo and the colours of the range.

    Normals are the network's where there are any. Beyond `max_pixels` in all, frames are left out at even steps. `near` and
    `far` are the ends of the colours over all frames, `nearest` and `farthest` the extremes, in the pointmap's unit.
    """
    depth = pointmap.depth
    pointmap = pointmap.masked(depth.isfinite() & (depth > 0))
    height, width = pointmap.size
    chosen = evenly_chosen(len(pointmap), max_pixels // (height * width))
    shown_near, shown_far = depth_range(pointmap, clip_percent=CLIP_PERCENT).limits
    nearest, farthest = _extremes(pointmap)
    table = apply_colormap(torch.linspace(0, 1, COLOURS)[None, None], colormap)[0, 0]
    body, frames = bytearray(), []
    for done, index in enumerate(chosen, 1):
        frame = pointmap[index]
        k = frame.intrinsics[0]
        entry = {"frame": index, "camera": [float(k[0, 0]), float(k[1, 1]), float(k[0, 2]), float(k[1, 2])]}
        for name, part in _frame_parts(frame).items():
            entry[name] = [len(body), len(part)]
            body += part
        frames.append(entry)
        if on_progress is not None:
            on_progress(done, len(chosen))
    head = {
        "width": width,
        "height": height,
        "photo_width": pointmap.source_size[1],
        "photo_height": pointmap.source_size[0],
        "metric": pointmap.metric,
        "normals_from": "geometry" if pointmap.normals is None else "network",
        "near": max(shown_near, shown_far * 1e-3),
        "far": shown_far,
        "nearest": nearest,
        "farthest": farthest,
        "curve": CURVE,
        "colours": bytes(eight_bit(table).flatten().tolist()).hex(),
        "frame_count": len(pointmap),
        "frames": frames,
    }
    text = json.dumps(head, separators=(",", ":"), allow_nan=False).encode()
    return MAGIC + struct.pack("<II", VERSION, len(text)) + text + bytes(body)
