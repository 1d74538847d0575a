"""Files that keep what a pointmap holds: meshes and points (GLB, PLY, OBJ), exact depth, recordings; a format a module."""

from __future__ import annotations

from .axes import AXES, Layout, layout
from .glb import write_glb
from .ply import write_ply
from .whole_files import save_files
from .writers import SHAPE_FORMATS, writers_of

__all__ = ["AXES", "SHAPE_FORMATS", "Layout", "layout", "save_files", "write_glb", "write_ply", "writers_of"]
