"""The nodes of the pack, in menu order."""

from .blend import Blend
from .colormap import Colormap
from .composite import MeshComposite, OcclusionComposite
from .depth import DepthFromPointmap
from .inference import PointmapInference
from .light import Light
from .load import LoadSAM3DGeometry
from .normals import NormalsFromPointmap
from .relight import Relight
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
    Light,
    Relight,
    OcclusionComposite,
    MeshComposite,
]
