"""The skeleton of SAM 3D Body's people (Momentum Human Rig): names and parents of 127 joints, names of 70 keypoints.

Joint names and parents: the rig's own, as facebookresearch/MHR (Apache-2.0) has them. Keypoint names: `mhr70` of
facebookresearch/sam-3d-body; left and right are the person's own. An outer finger joint comes before an inner one: first
(beside the tip), second, third (the knuckle).

Joint 0, body_world, is the origin of a body's own coordinates, at the floor below the resting pelvis; joint 1 is the pelvis.
"""

from __future__ import annotations

from collections.abc import Sequence

_JOINTS = """
body_world:-1 root:0 l_upleg:1 l_lowleg:2 l_foot:3 l_talocrural:4 l_subtalar:5 l_transversetarsal:6 l_ball:7
l_lowleg_twist1_proc:3 l_lowleg_twist2_proc:3 l_lowleg_twist3_proc:3 l_lowleg_twist4_proc:3 l_upleg_twist0_proc:2
l_upleg_twist1_proc:2 l_upleg_twist2_proc:2 l_upleg_twist3_proc:2 l_upleg_twist4_proc:2 r_upleg:1 r_lowleg:18
r_foot:19 r_talocrural:20 r_subtalar:21 r_transversetarsal:22 r_ball:23 r_lowleg_twist1_proc:19
r_lowleg_twist2_proc:19 r_lowleg_twist3_proc:19 r_lowleg_twist4_proc:19 r_upleg_twist0_proc:18
r_upleg_twist1_proc:18 r_upleg_twist2_proc:18 r_upleg_twist3_proc:18 r_upleg_twist4_proc:18 c_spine0:1 c_spine1:34
c_spine2:35 c_spine3:36 r_clavicle:37 r_uparm:38 r_lowarm:39 r_wrist_twist:40 r_wrist:41 r_pinky0:42 r_pinky1:43
r_pinky2:44 r_pinky3:45 r_pinky_null:46 r_ring1:42 r_ring2:48 r_ring3:49 r_ring_null:50 r_middle1:42 r_middle2:52
r_middle3:53 r_middle_null:54 r_index1:42 r_index2:56 r_index3:57 r_index_null:58 r_thumb0:42 r_thumb1:60
r_thumb2:61 r_thumb3:62 r_thumb_null:63 r_lowarm_twist1_proc:40 r_lowarm_twist2_proc:40 r_lowarm_twist3_proc:40
r_lowarm_twist4_proc:40 r_uparm_twist0_proc:39 r_uparm_twist1_proc:39 r_uparm_twist2_proc:39 r_uparm_twist3_proc:39
r_uparm_twist4_proc:39 l_clavicle:37 l_uparm:74 l_lowarm:75 l_wrist_twist:76 l_wrist:77 l_pinky0:78 l_pinky1:79
l_pinky2:80 l_pinky3:81 l_pinky_null:82 l_ring1:78 l_ring2:84 l_ring3:85 l_ring_null:86 l_middle1:78 l_middle2:88
l_middle3:89 l_middle_null:90 l_index1:78 l_index2:92 l_index3:93 l_index_null:94 l_thumb0:78 l_thumb1:96
l_thumb2:97 l_thumb3:98 l_thumb_null:99 l_lowarm_twist1_proc:76 l_lowarm_twist2_proc:76 l_lowarm_twist3_proc:76
l_lowarm_twist4_proc:76 l_uparm_twist0_proc:75 l_uparm_twist1_proc:75 l_uparm_twist2_proc:75 l_uparm_twist3_proc:75
l_uparm_twist4_proc:75 c_neck:37 c_neck_twist1_proc:110 c_neck_twist0_proc:110 c_head:110 c_jaw:113 c_teeth:114
c_jaw_null:114 c_tongue0:114 c_tongue1:117 c_tongue2:118 c_tongue3:119 c_tongue4:120 r_eye:113 r_eye_null:122
l_eye:113 l_eye_null:124 c_head_null:113
"""  # name:number of the parent, -1 for none

_KEYPOINTS = """
nose left-eye right-eye left-ear right-ear left-shoulder right-shoulder left-elbow right-elbow left-hip right-hip
left-knee right-knee left-ankle right-ankle left-big-toe-tip left-small-toe-tip left-heel right-big-toe-tip
right-small-toe-tip right-heel right-thumb-tip right-thumb-first-joint right-thumb-second-joint
right-thumb-third-joint right-index-tip right-index-first-joint right-index-second-joint right-index-third-joint
right-middle-tip right-middle-first-joint right-middle-second-joint right-middle-third-joint right-ring-tip
right-ring-first-joint right-ring-second-joint right-ring-third-joint right-pinky-tip right-pinky-first-joint
right-pinky-second-joint right-pinky-third-joint right-wrist left-thumb-tip left-thumb-first-joint
left-thumb-second-joint left-thumb-third-joint left-index-tip left-index-first-joint left-index-second-joint
left-index-third-joint left-middle-tip left-middle-first-joint left-middle-second-joint left-middle-third-joint
left-ring-tip left-ring-first-joint left-ring-second-joint left-ring-third-joint left-pinky-tip
left-pinky-first-joint left-pinky-second-joint left-pinky-third-joint left-wrist left-olecranon right-olecranon
left-cubital-fossa right-cubital-fossa left-acromion right-acromion neck
"""

JOINT_NAMES: tuple[str, ...] = tuple(entry.split(":")[0] for entry in _JOINTS.split())
JOINT_PARENTS: tuple[int, ...] = tuple(int(entry.split(":")[1]) for entry in _JOINTS.split())
KEYPOINT_NAMES: tuple[str, ...] = tuple(_KEYPOINTS.split())
JOINT_COUNT, KEYPOINT_COUNT = len(JOINT_NAMES), len(KEYPOINT_NAMES)

ROOT = JOINT_NAMES.index("root")
# joints of the hands: wrists and all fingers, whose stored rotations the official package leaves out of date
HAND_JOINTS = {"right": tuple(range(42, 65)), "left": tuple(range(78, 101))}
# joints from which a foot's own vertices hang
FOOT_JOINTS = {"left": tuple(range(4, 9)), "right": tuple(range(20, 25))}


def joints(names: Sequence[str]) -> list[int]:
    """Numbers of the joints of these names."""
    return [JOINT_NAMES.index(name) for name in names]


def keypoints(names: Sequence[str]) -> list[int]:
    """Numbers of the keypoints of these names."""
    return [KEYPOINT_NAMES.index(name) for name in names]


_LINKS_OF_A_SIDE = """
shoulder elbow, elbow wrist, shoulder hip, hip knee, knee ankle, ankle heel, ankle big-toe-tip, ankle small-toe-tip, eye ear
"""
_LINKS_OF_A_FINGER = (
    "wrist {0}-third-joint, {0}-third-joint {0}-second-joint, {0}-second-joint {0}-first-joint, {0}-first-joint {0}-tip"
)
_LINKS_BETWEEN = "left-shoulder right-shoulder, left-hip right-hip, nose left-eye, nose right-eye, nose neck"


def _links() -> tuple[tuple[int, int], ...]:
    fingers = ", ".join(_LINKS_OF_A_FINGER.format(finger) for finger in ("thumb", "index", "middle", "ring", "pinky"))
    of_side = [pair.split() for pair in f"{_LINKS_OF_A_SIDE}, {fingers}".split(",")]
    named = [(f"{side}-{a}", f"{side}-{b}") for side in ("left", "right") for a, b in of_side]
    named += [tuple(pair.split()) for pair in _LINKS_BETWEEN.split(",")]
    return tuple((KEYPOINT_NAMES.index(a), KEYPOINT_NAMES.index(b)) for a, b in named)


KEYPOINT_LINKS = _links()  # pairs of keypoints between which a drawn skeleton has its lines
