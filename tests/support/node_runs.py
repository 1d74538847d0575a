"""Runs nodes as ComfyUI does, inputs that are not given at their defaults."""

from pack.sam3d_geometry.geometry.panorama import Panorama
from pack.sam3d_geometry.geometry.pointmap import Pointmap


def defaults(node, **given):
    """The node's inputs at their defaults, with those given in place of them."""
    widgets = {i.id: i.default for i in node.define_schema().inputs if getattr(i, "default", None) is not None}
    return {**widgets, **given}


def node_output(node, **given):
    """The node's NodeOutput: outputs in `args`, what the page shows in `ui`."""
    return node.execute(**defaults(node, **given))


def run(node, **given):
    """The node's outputs as a tuple."""
    return node_output(node, **given).args


def ours(library):
    """The pointmap as the pack's own type: the tests' library and the pack's are two copies."""
    return Pointmap(**{name: getattr(library, name) for name in library.__dataclass_fields__})


def our_panorama(library):
    """The panorama as the pack's own type."""
    return Panorama(**{name: getattr(library, name) for name in library.__dataclass_fields__})
