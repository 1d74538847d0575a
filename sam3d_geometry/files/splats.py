"""Files of splats: PLY as 3D Gaussian Splatting writes it, SPLAT of 32 bytes each, and SPZ, compressed.

All hold the axes of 3D Gaussian Splatting: x right, y down, z forward. Viewers of such files turn them upright.
"""

from __future__ import annotations

import gzip
import math
import struct
from functools import partial
from typing import BinaryIO

import numpy
import torch

from .. import __version__
from ..shapes.splats import Splats
from .whole_files import Writer

SPLAT_FORMATS = ("ply", "splat", "spz")
SH_OF_COLOUR = math.sqrt(4 * math.pi)  # 1 over the constant spherical harmonic
OPAQUE = 1 - 1e-6  # most that the logit of a PLY can say
SPZ_MAGIC, SPZ_VERSION = 0x5053474E, 2
SPZ_POSITION_BITS = 23  # beside the sign
SPZ_MOST_FRACTION = 16
SPZ_COLOUR = 0.15  # what a byte's full range stands for, in spherical harmonics
SPZ_LEVEL = 6  # of the compression


def splat_writers(splats: Splats, file_format: str) -> dict[str, Writer]:
    """The function that writes the file of these splats, by its suffix; `file_format` is one of SPLAT_FORMATS."""
    writers = {"ply": write_splat_ply, "splat": write_splat, "spz": write_spz}
    if file_format not in writers:
        raise ValueError(f"Format came as {file_format!r}; splats are saved as one of {', '.join(SPLAT_FORMATS)}.")
    return {f".{file_format}": partial(writers[file_format], splats)}


def sh_from_colour(colours: torch.Tensor) -> torch.Tensor:
    """sRGB colours (N, 3) in [0, 1] -> the coefficients (N, 3) of the constant spherical harmonic."""
    return (colours - 0.5) * SH_OF_COLOUR


def colour_from_sh(coefficients: torch.Tensor) -> torch.Tensor:
    """The inverse of `sh_from_colour`."""
    return coefficients / SH_OF_COLOUR + 0.5


def write_splat_ply(splats: Splats, file: BinaryIO) -> None:
    """Binary PLY with the properties of Kerbl et al., 3D Gaussian Splatting for Real-Time Radiance Field Rendering, 2023.

    Scales as natural logarithms, opacities as logits, colours as the constant spherical harmonic, quaternions w first.
    """
    opacity = splats.opacities.clamp(1e-6, OPAQUE).logit()
    normals = torch.zeros_like(splats.centres)
    parts = {
        "x y z": splats.centres,
        "nx ny nz": normals,
        "f_dc_0 f_dc_1 f_dc_2": sh_from_colour(splats.colours),
        "opacity": opacity[:, None],
        "scale_0 scale_1 scale_2": splats.scales.log(),
        "rot_0 rot_1 rot_2 rot_3": splats.rotations,
    }
    unit = "metre" if splats.metric else "unknown scale"
    header = ["ply", "format binary_little_endian 1.0", f"comment generator: sam3d-geometry {__version__}"]
    header += ["comment axes: x right, y down, z forward", f"comment unit: {unit}"]
    header += [f"element vertex {len(splats.centres)}"]
    header += [f"property float {name}" for names in parts for name in names.split()]
    file.write("\n".join([*header, "end_header", ""]).encode("ascii"))
    file.write(torch.cat(list(parts.values()), 1).numpy().astype("<f4").tobytes())


def write_splat(splats: Splats, file: BinaryIO) -> None:
    """SPLAT of antimatter15's viewer: position and scale in floats, colour with opacity and quaternion in bytes; largest first."""
    rows = numpy.empty(
        len(splats.centres),
        dtype=[("centre", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("wxyz", "u1", 4)],
    )
    rows["centre"], rows["scale"] = splats.centres.numpy(), splats.scales.numpy()
    rows["rgba"] = _bytes(torch.cat([splats.colours, splats.opacities[:, None]], 1) * 255)
    rows["wxyz"] = _bytes(splats.rotations * 128 + 128)
    # viewers show a file while it loads
    order = torch.argsort(splats.scales[:, 0] * splats.scales[:, 1] * splats.opacities, descending=True, stable=True)
    file.write(rows[order.numpy()].tobytes())


def write_spz(splats: Splats, file: BinaryIO) -> None:
    """SPZ version 2 of Niantic's format description: fixed point positions, all else in bytes, compressed by gzip.

    Positions get as many bits behind the point as the largest of them leaves; scales are kept to 3 percent.
    """
    largest = max(float(splats.centres.abs().max()), 2.0**-SPZ_MOST_FRACTION)
    fraction = min(SPZ_MOST_FRACTION, SPZ_POSITION_BITS - 1 - math.floor(math.log2(largest)))
    if fraction < 0:
        raise ValueError(
            f"The farthest splat lies {largest:.3g} from the camera, and an SPZ holds less than {2**SPZ_POSITION_BITS}; take another "
            "format, or mask what is far away."
        )
    fixed = (splats.centres.double() * 2**fraction).round().clamp(-(2**SPZ_POSITION_BITS), 2**SPZ_POSITION_BITS - 1)
    words = fixed.numpy().astype("<i4")
    positions = words.reshape(-1, 1).view(numpy.uint8)[:, :3]
    turns = torch.where(splats.rotations[:, :1] < 0, -splats.rotations, splats.rotations)
    header = (SPZ_MAGIC, SPZ_VERSION, len(words), 0, fraction, 0, 0)  # no further harmonics, no flags
    parts = [
        struct.pack("<IIIBBBB", *header),
        positions.tobytes(),
        _bytes(splats.opacities * 255).tobytes(),
        _bytes((sh_from_colour(splats.colours) * SPZ_COLOUR + 0.5) * 255).tobytes(),
        _bytes((splats.scales.log() + 10) * 16).tobytes(),
        _bytes((turns[:, 1:] + 1) * 127.5).tobytes(),
    ]
    # no date and no name in the file: the same splats make the same bytes
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=SPZ_LEVEL, mtime=0) as packed:
        packed.write(b"".join(parts))


def _bytes(values: torch.Tensor) -> numpy.ndarray:
    """Numbers in the range of a byte, rounded, as uint8."""
    return values.round().clamp(0, 255).to(torch.uint8).numpy()
