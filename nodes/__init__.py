"""The nodes of the pack, in menu order."""

from .align import AlignSequence
from .ambient_occlusion import AmbientOcclusion
from .blend import Blend
from .camera_move import CameraMove
from .colormap import Colormap
from .composite import MeshComposite, OcclusionComposite
from .core_geometry import DA3GeometryToPointmap, MoGeGeometryToPointmap, PointmapToMoGeGeometry
from .curvature import CurvatureMap
from .depth import DepthFromPointmap
from .depth_crop import DepthCrop
from .depth_mask import DepthMask, HeightMask
from .depth_of_field import DepthOfField
from .depth_to_pointmap import DepthToPointmap
from .exact_depth import LoadDepthExact, SaveDepthExact
from .fog import Fog
from .inference import PointmapInference
from .inspector import PointmapInspector
from .known_length import SetScaleFromCameraHeight, SetScaleFromKnownLength
from .light import Light
from .line_art import LineArt
from .load import LoadSAM3DGeometry
from .mesh import DisplacedPlane, PointmapToMesh
from .normal_detail import NormalDetail
from .normals import NormalsFromPointmap
from .orientation import OrientationMasks
from .point_cloud import PointmapToPointCloud
from .pointmap_crop import PointmapCrop, PointmapResize
from .pointmap_info import PointmapInfo
from .pointmap_transform import TransformPointmap
from .region import RegionFromPoint
from .relight import Relight
from .rerun_recording import SaveRerunRecording
from .save_3d import Save3D
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
    Blend,
    SideBySide,
    PointmapInspector,
    AlignSequence,
    TemporalSmooth,
    TemporalSmoothPointmap,
    VideoToDepthAndNormals,
    PointmapInfo,
    PointmapCrop,
    PointmapResize,
    TransformPointmap,
    SetScaleFromKnownLength,
    SetScaleFromCameraHeight,
    DepthToPointmap,
    PointmapToMesh,
    DisplacedPlane,
    PointmapToPointCloud,
    Save3D,
    SaveDepthExact,
    LoadDepthExact,
    SaveRerunRecording,
    CameraMove,
    Stereo,
    DepthOfField,
    Fog,
    Light,
    Relight,
    OcclusionComposite,
    MeshComposite,
    LineArt,
    CurvatureMap,
    AmbientOcclusion,
    NormalDetail,
    OrientationMasks,
    DepthMask,
    HeightMask,
    RegionFromPoint,
    DepthCrop,
    PointmapToMoGeGeometry,
    MoGeGeometryToPointmap,
    DA3GeometryToPointmap,
]
