"""The nodes of the pack, in menu order."""

from .bodies.check import CheckBodies
from .bodies.load import LoadBodies
from .bodies.move import MoveBodies
from .bodies.place import PlaceBodiesInScene
from .bodies.save import SaveBodies
from .bodies.steady import SteadyBodies
from .bodies.to_mesh import BodiesToMesh
from .camera.lens import FieldOfViewFromLens
from .camera.set_scale import SetScaleFromCameraHeight, SetScaleFromKnownLength
from .clips.align import AlignSequence
from .clips.smooth import TemporalSmooth
from .clips.steady import SteadyPointmap
from .clips.video import VideoToDepth
from .core.geometry import GeometryToPointmap, PointmapToMoGeGeometry
from .effects.camera_move import CameraMove
from .effects.composite import CompositeIntoScene
from .effects.depth_of_field import DepthOfField
from .effects.fog import Fog
from .effects.relight import RelightScene
from .effects.scene_light import SceneLight
from .effects.stereo import StereoPair
from .errors import with_plain_errors
from .estimate.inference import PointmapInference
from .estimate.load import LoadSAM3DGeometry
from .files.load_depth import LoadDepth
from .files.load_example import LoadExample
from .files.save_3d import Save3D
from .files.save_camera import SaveCamera
from .files.save_depth import SaveDepth
from .files.save_print import SavePrint
from .files.save_rerun_recording import SaveRerunRecording
from .files.save_splats import SaveSplats
from .maps.ambient_occlusion import AmbientOcclusionFromPointmap
from .maps.blend import Blend
from .maps.colormap import Colormap
from .maps.curvature import CurvatureFromPointmap
from .maps.depth import DepthFromPointmap
from .maps.line_art import LineArtFromPointmap
from .maps.normals import NormalsFromPointmap
from .maps.side_by_side import SideBySide
from .masks.depth import DepthMaskFromPointmap
from .masks.height import HeightMaskFromPointmap
from .masks.orientation import OrientationMasksFromPointmap
from .masks.region import RegionMaskFromPointmap
from .panorama.inference import PanoramaInference
from .panorama.maps import PanoramaMaps
from .panorama.mesh import PanoramaToMesh
from .panorama.view import PanoramaView
from .pictures import with_plain_pictures
from .pointmap.crop import CropPointmap
from .pointmap.from_depth import DepthToPointmap
from .pointmap.info import PointmapInfo
from .pointmap.inspector import PointmapInspector
from .pointmap.mask import MaskPointmap
from .pointmap.refine import RefineEdges
from .pointmap.relief import AdjustNormalDetail
from .pointmap.resize import ResizePointmap
from .pointmap.transform import TransformPointmap
from .shapes.align_mesh import AlignMeshToPointmap
from .shapes.complete_object import CompleteObject
from .shapes.displaced_plane import DisplacedPlane
from .shapes.mesh import PointmapToMesh
from .shapes.point_cloud import PointmapToPointCloud
from .shapes.splat import PointmapToSplat
from .views.fuse import FuseViews
from .views.novel import NovelViews
from .views.pose import PoseViews
from .written_files import runs_again_without_files

NODES = [
    LoadSAM3DGeometry,
    PointmapInference,
    DepthFromPointmap,
    NormalsFromPointmap,
    LineArtFromPointmap,
    CurvatureFromPointmap,
    AmbientOcclusionFromPointmap,
    Colormap,
    Blend,
    SideBySide,
    PointmapInspector,
    PointmapInfo,
    MaskPointmap,
    CropPointmap,
    ResizePointmap,
    RefineEdges,
    TransformPointmap,
    AdjustNormalDetail,
    DepthToPointmap,
    FieldOfViewFromLens,
    SetScaleFromKnownLength,
    SetScaleFromCameraHeight,
    PanoramaInference,
    PanoramaMaps,
    PanoramaView,
    PanoramaToMesh,
    AlignSequence,
    TemporalSmooth,
    SteadyPointmap,
    VideoToDepth,
    PointmapToMesh,
    DisplacedPlane,
    PointmapToPointCloud,
    PointmapToSplat,
    AlignMeshToPointmap,
    CompleteObject,
    PoseViews,
    FuseViews,
    NovelViews,
    Save3D,
    SaveSplats,
    SavePrint,
    SaveCamera,
    SaveDepth,
    LoadDepth,
    LoadExample,
    SaveRerunRecording,
    CameraMove,
    StereoPair,
    DepthOfField,
    Fog,
    SceneLight,
    RelightScene,
    CompositeIntoScene,
    DepthMaskFromPointmap,
    HeightMaskFromPointmap,
    OrientationMasksFromPointmap,
    RegionMaskFromPointmap,
    LoadBodies,
    PlaceBodiesInScene,
    MoveBodies,
    SteadyBodies,
    CheckBodies,
    BodiesToMesh,
    SaveBodies,
    GeometryToPointmap,
    PointmapToMoGeGeometry,
]

for _node in NODES:
    with_plain_errors(with_plain_pictures(runs_again_without_files(_node)))
