"""The formats of a camera's file and how their names end: what menus need to know without what writes them."""

CAMERA_SUFFIXES = {"glb": ".glb", "json": ".json", "chan": ".chan", "after effects": ".txt"}
CAMERA_FORMATS = tuple(CAMERA_SUFFIXES)
