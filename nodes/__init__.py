"""The nodes of the pack, in menu order."""

from .blend import Blend
from .camera_move import CameraMove
from .colormap import Colormap
from .depth import DepthFromPointmap
from .inference import PointmapInference
from .load import LoadSAM3DGeometry
from .normals import NormalsFromPointmap
from .side_by_side import SideBySide
from .stereo import Stereo
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
    CameraMove,
    Stereo,
]
