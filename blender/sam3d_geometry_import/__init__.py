# SPDX-License-Identifier: GPL-3.0-or-later
"""Photo as 3D Scene: a photo becomes a textured scene with the camera that took it.

The geometry is computed by the SAM3D Geometry pack, in a Python of its own: nothing is ever installed into Blender.
"""


def register():
    from . import operators, panel, preferences

    for module in (preferences, operators, panel):
        module.register()


def unregister():
    from . import operators, panel, preferences

    for module in (panel, operators, preferences):
        module.unregister()
