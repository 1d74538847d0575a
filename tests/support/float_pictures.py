"""Pictures of floats as other programs write them: EXR by OpenEXR, TIFF by OpenCV (libtiff) and tifffile."""

import cv2
import numpy
import pytest


def rgb_channels(values):
    return {name: values[..., i] for i, name in enumerate("RGB")}


def write_picture_exr(path, channels, **header):
    """An EXR of channels {name: (H, W)}, scan lines unless the header says otherwise."""
    exr = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    arrays = {name: numpy.ascontiguousarray(values) for name, values in channels.items()}
    exr.File({"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage, **header}, arrays).write(str(path))
    return path


def write_parts_exr(path, parts):
    """An EXR of several parts {name: channels}."""
    exr = pytest.importorskip("OpenEXR", reason="OpenEXR is not installed")
    made = [
        exr.Part({"type": exr.scanlineimage, "name": name}, {n: numpy.ascontiguousarray(v) for n, v in held.items()})
        for name, held in parts.items()
    ]
    exr.File(made).write(str(path))
    return path


def damage(path, count, reach):
    """Writes a file's damaged copies in its place, one after the other: four of its first `reach` bytes, every tenth cut in half too."""
    whole, generator = path.read_bytes(), numpy.random.default_rng(1)
    for attempt in range(count):
        damaged = bytearray(whole)
        for at in generator.integers(0, reach, 4):
            damaged[at] = generator.integers(0, 256)
        path.write_bytes(damaged[: len(damaged) // 2] if attempt % 10 == 0 else damaged)
        yield


def write_float_tiff(path, values, compression=1, predictor=1, rows=None):
    """A TIFF of float32 (H, W) or (H, W, 3) in strips by libtiff; compression and predictor by the numbers of TIFF."""
    flags = [cv2.IMWRITE_TIFF_COMPRESSION, compression, cv2.IMWRITE_TIFF_PREDICTOR, predictor]
    flags += [] if rows is None else [cv2.IMWRITE_TIFF_ROWSPERSTRIP, rows]
    values = numpy.ascontiguousarray(values[..., ::-1] if values.ndim == 3 else values, numpy.float32)
    assert cv2.imwrite(str(path), values, flags)
    return path
