import pytest
from comfyui_server import Server, find_comfyui

HOSTS = find_comfyui()
NONE_FOUND = "no ComfyUI was found; set COMFYUI_PATH to its folder (and COMFYUI_PYTHON to its Python)"


@pytest.fixture(scope="session", params=HOSTS or [None], ids=[str(h[0].name) for h in HOSTS] or ["none"])
def host(request, tmp_path_factory):
    """A running ComfyUI that has the pack; every test runs on each one found."""
    if request.param is None:
        pytest.skip(NONE_FOUND)
    server = Server(*request.param, tmp_path_factory.mktemp("comfyui"))
    try:
        server.wait()
        yield server
    finally:
        server.stop()
