"""Depth in plain arrays, read as data only: .npy, .npz (as the command line's --npz writes them) and .pfm."""

from __future__ import annotations

import contextlib
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

import numpy
import torch

from .depth_file_error import DepthFileError, decoding
from .depth_frame import DepthFrame, check_size, clean_frame
from .depth_record import DepthRecord, intrinsics_checked

# what numpy's parser of .npy headers raises: it evaluates a literal that may be nested too deeply (RecursionError)
HEADER_DAMAGE = (ValueError, SyntaxError, TypeError, EOFError, KeyError, RecursionError, tokenize.TokenError)
# what zipfile raises: RuntimeError and NotImplementedError for encrypted and oddly packed members
ZIP_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    struct.error,
)
PFM_HEADER = 128  # characters that the three lines of a PFM's header may take
PFM_GREY = b"Pf"


def _depth_array(file: BinaryIO | _Member) -> numpy.ndarray:
    """The array in an open .npy, as depth; its size is checked before anything is allocated."""
    shape, by_columns, dtype = npy_header(file)
    if dtype.kind not in "fiub" or dtype.itemsize > 8 or not 1 <= len(shape) <= 4:
        raise DepthFileError(f"it holds an array of {dtype} and shape {shape}, which is not depth.")
    height, width = (1, shape[0]) if len(shape) == 1 else shape[:2]
    check_size(height, width, int(numpy.prod(shape[2:], dtype=object)) if len(shape) > 2 else 1)
    array = npy_values(file, shape, by_columns, dtype)
    return array.astype(numpy.float32 if dtype.kind != "b" else bool)


def npy_header(file: BinaryIO | _Member) -> tuple[tuple[int, ...], bool, numpy.dtype]:
    """Shape, whether it is kept by columns, and type of the array in an open .npy, as data only."""
    with warnings.catch_warnings(), decoding("npy", *HEADER_DAMAGE):
        warnings.simplefilter("ignore")  # about headers that Python 2 wrote
        version = numpy.lib.format.read_magic(file)
        header = numpy.lib.format.read_array_header_1_0 if version == (1, 0) else numpy.lib.format.read_array_header_2_0
        shape, by_columns, dtype = header(file)
    if not all(isinstance(side, int) and side >= 0 for side in shape):
        raise DepthFileError(f"it holds an array of shape {shape}, which is not a shape.")
    return shape, by_columns, dtype


def npy_values(file: BinaryIO | _Member, shape: tuple[int, ...], by_columns: bool, dtype: numpy.dtype) -> numpy.ndarray:
    """The values after the header of an open .npy, of a plain type whose size has been checked."""
    count = int(numpy.prod(shape, dtype=object)) * dtype.itemsize
    data = file.read(count)
    if len(data) < count:
        raise DepthFileError(f"it is cut short: {count:,} bytes of values are announced and {len(data):,} are there.")
    return numpy.frombuffer(data, dtype).reshape(shape, order="F" if by_columns else "C")


def _height_by_width(array: numpy.ndarray) -> torch.Tensor:
    """(H, W), (1, H, W) or (H, W, 1) -> (H, W)."""
    plane = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    plane = plane[0] if plane.ndim == 3 and len(plane) == 1 else plane
    if plane.ndim != 2:
        raise DepthFileError(f"it holds an array of shape {array.shape}; (height, width) is needed.")
    return torch.from_numpy(numpy.ascontiguousarray(plane))


def _frame_of_npz(path: Path, key: str) -> dict[str, numpy.ndarray]:
    """The arrays of an .npz that make up a depth frame."""
    found = {}
    with NpzFile(path) as archive:
        names = archive.names
        depth = key or next((name for name in ("depth", "z", "arr_0") if name in names), "")
        if depth not in names:
            listed = ", ".join(sorted(names)[:20]) or "nothing"
            raise DepthFileError(f"none of its arrays is depth by name: {listed}; name the right one as channel.")
        for name in {depth, "mask", "intrinsics", "normals"} & names:
            with archive.member(name) as member:
                found["depth" if name == depth else name] = _depth_array(member)
    return found


class NpzFile:
    """An open .npz, whose arrays are read one by one, as data only."""

    def __init__(self, path: Path):
        with decoding("npz", *ZIP_DAMAGE):
            self._archive = zipfile.ZipFile(path)
        self.names = {name.removesuffix(".npy") for name in self._archive.namelist() if name.endswith(".npy")}

    def __enter__(self) -> NpzFile:
        return self

    def __exit__(self, *raised: object) -> None:
        self._archive.close()

    def unpacked_bytes(self, name: str) -> int:
        """How long the .npy of this name says it is."""
        return self._archive.getinfo(f"{name}.npy").file_size

    @contextlib.contextmanager
    def member(self, name: str) -> Iterator[_Member]:
        """The open .npy of this name."""
        with decoding("npz", *ZIP_DAMAGE):
            member = self._archive.open(f"{name}.npy")
        with member:
            yield _Member(member)


class _Member:
    """A packed file that says it is damaged when it is read, whoever reads it."""

    def __init__(self, member: IO[bytes]):
        self._member = member

    def read(self, count: int = -1) -> bytes:
        with decoding("npz", *ZIP_DAMAGE):
            return self._member.read(count)


def _read_pfm(file: BinaryIO) -> numpy.ndarray:
    """Grey PFM: rows from the bottom up, byte order by the sign of the scale."""
    head = file.read(PFM_HEADER)
    lines = head.split(b"\n", 3)
    if len(lines) < 4 or lines[0].strip() != PFM_GREY:
        raise DepthFileError("it is not a grey PFM file.")
    with decoding("pfm", ValueError):
        width, height = (int(word) for word in lines[1].split())
        order = "<f4" if float(lines[2]) < 0 else ">f4"
    check_size(height, width)
    file.seek(len(head) - len(lines[3]))
    data = file.read(height * width * 4)
    if len(data) < height * width * 4:
        raise DepthFileError(
            f"it is cut short: {height * width * 4:,} bytes of values are announced, {len(data):,} are there."
        )
    return numpy.frombuffer(data, order).reshape(height, width)[::-1].astype(numpy.float32)


def read_arrays(path: Path, beside: DepthRecord | None, channel: str = "") -> DepthFrame:
    """The depth in a .npy, .npz or .pfm file, as distances; `channel` names an array of an .npz.

    Nothing in the file is run or unpickled. DepthFileError, a part of a sentence, when it is damaged, too large or no depth.
    """
    found = _found(path, channel)
    depth = _height_by_width(found["depth"]).float()
    mask = _height_by_width(found["mask"]) > 0 if "mask" in found else None
    if mask is not None and mask.shape != depth.shape:
        raise DepthFileError(f"its mask is {tuple(mask.shape)} and its depth {tuple(depth.shape)}.")
    frame = clean_frame(depth, mask, beside, _normals_of_size(found, (depth.shape[0], depth.shape[1])))
    if beside is None and "intrinsics" in found:
        intrinsics = intrinsics_checked(torch.from_numpy(found["intrinsics"]).float())
        record = DepthRecord(intrinsics, False, frame.record.nearest, frame.record.farthest)
        frame = DepthFrame(frame.depth, frame.mask, record, frame.normals)
    return frame


def _found(path: Path, channel: str) -> dict[str, numpy.ndarray]:
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return _frame_of_npz(path, channel)
    with decoding(suffix[1:], OSError):
        file = path.open("rb")
    with file:
        return {"depth": _read_pfm(file) if suffix == ".pfm" else _depth_array(file)}


def _normals_of_size(found: dict[str, numpy.ndarray], size: tuple[int, int]) -> torch.Tensor | None:
    normals = found.get("normals")
    return torch.from_numpy(normals) if normals is not None and normals.shape == (*size, 3) else None
