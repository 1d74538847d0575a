"""The nodes of the pack, in menu order."""

from .ambient_occlusion import AmbientOcclusion
from .blend import Blend
from .colormap import Colormap
from .curvature import CurvatureMap
from .depth import DepthFromPointmap
from .depth_crop import DepthCrop
from .depth_mask import DepthMask, HeightMask
from .inference import PointmapInference
from .line_art import LineArt
from .load import LoadSAM3DGeometry
from .normal_detail import NormalDetail
from .normals import NormalsFromPointmap
from .orientation import OrientationMasks
from .region import RegionFromPoint
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
    LineArt,
    CurvatureMap,
    AmbientOcclusion,
    NormalDetail,
    OrientationMasks,
    DepthMask,
    HeightMask,
    RegionFromPoint,
    DepthCrop,
]
