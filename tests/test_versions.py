"""The version and the requirements stand in pyproject.toml; whatever has to name them elsewhere says the same."""

import re
import subprocess
import sys

import pytest
import yaml
from repository import ROOT

import sam3d_geometry
from sam3d_geometry.files import exr, rerun_recording
from sam3d_geometry.video import clip_facts

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest brings the same by this name
    import tomli as tomllib

TOML = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = TOML["project"]
EXTRAS = PROJECT["optional-dependencies"]
OLDEST_PYTHON = re.search(r">=(\d+)\.(\d+)", PROJECT["requires-python"]).groups()
NAME = re.compile(r"[\w.-]+")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(name: str) -> list[str]:
    """Lines of a requirements file, without comments."""
    return [line for line in text(name).splitlines() if line and not line.startswith("#")]


def names(lines: list[str]) -> set[str]:
    return {NAME.match(line)[0].lower() for line in lines}


def pin_of(package: str) -> str:
    (line,) = (line for line in requirements("requirements-dev.txt") if line.startswith(f"{package}=="))
    return line


def oldest_in_extras(package: str) -> set[tuple[int, ...]]:
    """The least version that pyproject.toml names for an optional package."""
    found = [re.fullmatch(rf"{package}>=([\d.]+)", line) for lines in EXTRAS.values() for line in lines]
    return {tuple(int(part) for part in match[1].split(".")) for match in found if match}


def test_the_version_is_that_of_the_project_everywhere():
    assert sam3d_geometry.__version__ == PROJECT["version"]
    said = subprocess.run(
        [sys.executable, "-m", "sam3d_geometry", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == PROJECT["version"]
    assert re.search(r"^## (\S+)", text("CHANGELOG.md"), re.MULTILINE)[1] == PROJECT["version"]


def test_no_python_file_names_the_version():
    quoted = re.compile(rf"[\"']{re.escape(PROJECT['version'])}[\"']")
    files = [path for folder in ("sam3d_geometry", "nodes", "development") for path in (ROOT / folder).rglob("*.py")]
    assert not [path.name for path in files if quoted.search(path.read_text(encoding="utf-8"))]


def test_requirements_for_comfyui_are_the_projects():
    assert requirements("requirements.txt") == PROJECT["dependencies"]


def test_development_pins_all_of_them_to_one_version_for_each_python():
    pins = requirements("requirements-dev.txt")
    assert names(PROJECT["dependencies"]) <= names(pins)
    assert all("==" in line for line in pins + requirements("requirements-bare.txt"))
    per_python = [(NAME.match(line)[0], line.partition(";")[2]) for line in pins]
    assert len(per_python) == len(set(per_python))
    assert not names(pins) & names(requirements("requirements-bare.txt"))


def test_pre_commit_runs_the_same_ruff():
    (local,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    hooks = {hook["id"]: hook["additional_dependencies"] for hook in local["hooks"]}
    assert hooks == {name: [pin_of("ruff")] for name in ("ruff-check", "ruff-format")}


@pytest.mark.parametrize(
    ("package", "oldest"),
    [("av", (clip_facts.OLDEST_AV,)), ("OpenEXR", exr.OLDEST_OPENEXR), ("rerun-sdk", rerun_recording.OLDEST_RERUN)],
)
def test_what_is_too_old_for_the_code_is_too_old_for_the_project(package, oldest):
    assert oldest_in_extras(package) == {oldest}
    said = ".".join(map(str, oldest))
    pages = "\n".join(
        path.read_text(encoding="utf-8") for folder in ("docs", "web/docs") for path in (ROOT / folder).glob("*.md")
    )
    assert f"{said} or newer" in pages


def test_the_oldest_python_and_comfyui_are_named_alike():
    oldest = ".".join(OLDEST_PYTHON)
    assert TOML["tool"]["basedpyright"]["pythonVersion"] == oldest
    assert f"sys.version_info < ({', '.join(OLDEST_PYTHON)})" in text("dev.py")
    for page in ("README.md", "CONTRIBUTING.md", "dev.py"):
        assert f"Python {oldest}" in text(page), page
    comfyui = TOML["tool"]["comfy"]["requires-comfyui"].removeprefix(">=")
    assert f"ComfyUI {comfyui} or newer" in text("README.md")


# what the registry of ComfyUI's nodes takes (comfy-cli 1.23, comfy_cli/registry/config_parser.py)
ACCELERATORS = {"NVIDIA CUDA", "AMD ROCm", "Intel Arc", "Apple Metal"}
SIDES = re.compile(r'<svg [^>]*viewBox="0 0 (\d+) (\d+)"')


def test_the_registry_knows_every_accelerator_that_is_named():
    named = [line.removeprefix("Environment :: GPU :: ") for line in PROJECT["classifiers"] if "GPU" in line]
    assert named and set(named) <= ACCELERATORS


@pytest.mark.parametrize(("key", "shape"), [("Icon", (1, 1)), ("Banner", (21, 9))])
def test_icon_and_banner_are_in_the_repository_in_the_shapes_of_the_registry(key, shape):
    address = TOML["tool"]["comfy"][key]
    owner = PROJECT["urls"]["Repository"].removeprefix("https://github.com/")
    prefix = f"https://raw.githubusercontent.com/{owner}/main/"
    assert address.startswith(prefix)
    width, height = map(int, SIDES.search(text(address.removeprefix(prefix))).groups())
    assert width * shape[1] == height * shape[0] and (key == "Banner" or width <= 400)
