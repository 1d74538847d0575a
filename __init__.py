"""SAM3D Geometry: a ComfyUI node pack for depth, normals and 3D points from photos. The nodes are listed in `nodes`."""

WEB_DIRECTORY = "./web"

if __package__:  # imported by ComfyUI, not by a test runner that walks the folder
    from comfy_api.latest import ComfyExtension, io

    from .nodes import NODES
    from .nodes.host_downloads import register_routes

    class SAM3DGeometryExtension(ComfyExtension):
        async def get_node_list(self) -> list[type[io.ComfyNode]]:
            return NODES

    async def comfy_entrypoint() -> SAM3DGeometryExtension:
        register_routes()
        return SAM3DGeometryExtension()
