"""The nodes of the pack, in menu order."""

from .blend import Blend
from .colormap import Colormap
from .depth import DepthFromPointmap
from .depth_to_pointmap import DepthToPointmap
from .exact_depth import LoadDepthExact, SaveDepthExact
from .inference import PointmapInference
from .load import LoadSAM3DGeometry
from .normals import NormalsFromPointmap
from .rerun_recording import SaveRerunRecording
from .side_by_side import SideBySide
from .temporal import TemporalSmooth, TemporalSmoothPointmap
from .video import VideoToDepthAndNormals

NODES = [
    LoadSAM3DGeometry,
    PointmapInference,
    DepthFromPointmap,
    NormalsFromPointmap,
    Colormap,
    TemporalSmooth,
    TemporalSmoothPointmap,
    Blend,
    SideBySide,
    VideoToDepthAndNormals,
    DepthToPointmap,
    SaveDepthExact,
    LoadDepthExact,
    SaveRerunRecording,
]
