"""The installer adds MoGe and, only where there is none, an OpenCV; and never fails a start of ComfyUI loudly."""

import importlib.util
from types import SimpleNamespace

import pytest
from repository import ROOT


@pytest.fixture
def install(monkeypatch):
    spec = importlib.util.spec_from_file_location("install_under_test", ROOT / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.commands = []

    def run(command, **options):
        module.commands.append(command)
        return SimpleNamespace(returncode=module.status)

    module.status = 0
    monkeypatch.setattr(module, "subprocess", SimpleNamespace(run=run, DEVNULL=None))
    return module


def pretend(module, monkeypatch, *present):
    found = SimpleNamespace(util=SimpleNamespace(find_spec=lambda name: object() if name in present else None))
    monkeypatch.setattr(module, "importlib", found)


def test_moge_is_added_without_its_requirements(install, monkeypatch):
    pretend(install, monkeypatch, "pip", "cv2")
    assert install.main() == 0
    (command,) = install.commands
    assert "--no-deps" in command and command[-1].endswith("requirements-bare.txt")


def test_an_opencv_that_is_there_is_left_alone(install, monkeypatch):
    pretend(install, monkeypatch, "pip")
    install.main()
    assert [c[-1] for c in install.commands][1:] == ["opencv-python-headless"]
    install.commands.clear()
    pretend(install, monkeypatch, "pip", "moge", "utils3d", "cv2")
    assert install.main() == 0 and install.commands == []


def test_without_pip_uv_is_used_and_without_both_it_says_so(install, monkeypatch, capsys):
    pretend(install, monkeypatch, "cv2")
    monkeypatch.setattr(install.shutil, "which", lambda name: "/usr/bin/uv")
    assert install.main() == 0 and install.commands[0][:3] == ["/usr/bin/uv", "pip", "install"]
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    assert install.main() == 1 and "neither pip nor uv" in capsys.readouterr().out


def test_a_failed_download_says_what_still_works(install, monkeypatch, capsys):
    pretend(install, monkeypatch, "pip", "cv2")
    install.status = 1
    assert install.main() == 1 and "built-in preview works" in capsys.readouterr().out


def test_requirements_pin_nothing_and_never_name_torch():
    lines = [
        line
        for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert all(line.replace("_", "").isalnum() for line in lines) and not any("torch" in line for line in lines)
