"""From a name to a model: the catalogue, local files, copies of SAM 3D Objects, downloads, and what it says."""

import pytest
import torch

from sam3d_geometry.models import PREVIEW, ModelError, load_model
from sam3d_geometry.models.preview import WEIGHTS

PIPELINE = (
    "depth_model:\n  model:\n    _target_: moge.model.v1.MoGeModel.from_pretrained\n"
    "    pretrained_model_name_or_path: {}\n"
)


@pytest.fixture(autouse=True)
def quiet_place(monkeypatch):
    monkeypatch.setattr("sam3d_geometry.models.find.find_in_hub_cache", lambda repository, filename: None)
    monkeypatch.setattr("sam3d_geometry.models.sam3d_objects.find_in_hub_cache", lambda repository, filename: None)


@pytest.fixture
def moge(monkeypatch):
    pytest.importorskip("moge.model.v2", reason="the moge package is not installed")
    import random_moge

    random_moge.shorten_backbone(monkeypatch)
    return random_moge


@pytest.fixture
def hub(monkeypatch):
    pytest.importorskip("huggingface_hub")
    from hub_server import running_hub

    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "/nonexistent/token")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with running_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def check(model, metric, normals):
    prediction = model.predict(torch.rand(1, 3, 42, 56), 12)
    assert prediction.points.shape == (1, 42, 56, 3) and prediction.points.isfinite().all()
    assert (prediction.metric_scale is not None) == model.metric == metric
    assert (prediction.normals is not None) == model.gives_normals == normals
    assert not model.network.training and model.pixels_per_token_edge == 14


@pytest.mark.skipif(not WEIGHTS.exists(), reason="the pack's preview.safetensors is not there")
@pytest.mark.parametrize(("precision", "dtype"), [("auto", torch.float32), ("bf16", torch.bfloat16)])
def test_preview_needs_nothing(precision, dtype):
    model = load_model(PREVIEW, precision=precision, allow_download=False)
    if dtype == torch.float32:
        check(model, metric=False, normals=False)
    assert model.preview and model.token_range == (450, 1900) and model.dtype == dtype


def test_catalogue_model_from_a_folder(tmp_path, moge):
    moge.save_checkpoint(tmp_path / "moge-vitl.pt", "v1", moge.V1_CONFIG)
    model = load_model("sam-3d-objects (moge-vitl)", folders=[tmp_path], allow_download=False)
    check(model, metric=False, normals=False)
    assert model.token_range == (1200, 2500) and not model.preview and model.dtype == torch.float32
    assert {p.dtype for p in model.network.parameters()} == {torch.float32}


def test_core_s_file_serves_the_catalogue(tmp_path, moge):
    moge.save_checkpoint(tmp_path / "moge_2_vitl_normal_fp16.safetensors", "v2", moge.v2_config(), with_config=False)
    model = load_model("moge-2-vitl-normal", folders=[tmp_path], allow_download=False)
    check(model, metric=True, normals=True)
    assert model.token_range == (1200, 3600)


@pytest.mark.parametrize("by_path", [True, False], ids=["path", "menu name"])
def test_local_file(tmp_path, moge, by_path):
    path = moge.save_checkpoint(tmp_path / "mine.safetensors", "v2", moge.v2_config(normals=False))
    model = load_model(str(path) if by_path else "mine.safetensors", folders=[] if by_path else [tmp_path])
    check(model, metric=True, normals=False)


def test_folder_of_a_hub_repository(tmp_path, moge):
    moge.save_checkpoint(tmp_path / "model.pt", "v2", moge.v2_config())
    check(load_model(str(tmp_path)), metric=True, normals=True)


def test_half_precision_weights_take_half_the_room(tmp_path, moge):
    path = str(moge.save_checkpoint(tmp_path / "m.pt", "v2", moge.v2_config()))
    sizes = [
        sum(p.numel() * p.element_size() for p in load_model(path, precision=precision).network.parameters())
        for precision in ("fp32", "bf16")
    ]
    assert sizes[1] < 0.6 * sizes[0]


@pytest.mark.parametrize("name", ["facebook/sam-3d-objects", "copy", "copy/checkpoints/pipeline.yaml"])
def test_copy_of_sam_3d_objects(tmp_path, moge, name):
    folder = tmp_path / ("sam-3d-objects" if "/sam" in name else "copy")
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "checkpoints" / "pipeline.yaml").write_text(PIPELINE.format("Ruicheng/moge-vitl"), encoding="utf-8")
    moge.save_checkpoint(tmp_path / "moge-vitl.pt", "v1", moge.V1_CONFIG)
    check(load_model(name, folders=[tmp_path], allow_download=False), metric=False, normals=False)


def test_pipeline_that_names_a_local_file(tmp_path, moge):
    moge.save_checkpoint(tmp_path / "depth.pt", "v1", moge.V1_CONFIG)
    (tmp_path / "pipeline.yaml").write_text(PIPELINE.format("depth.pt"), encoding="utf-8")
    check(load_model(str(tmp_path / "pipeline.yaml"), allow_download=False), metric=False, normals=False)


def test_download_into_the_first_folder(tmp_path, moge, hub):
    path = moge.save_checkpoint(tmp_path / "served.pt", "v1", moge.V1_CONFIG)
    hub.files["Ruicheng/moge-vitl/model.pt"] = path.read_bytes()
    steps, folders = [], [tmp_path / "models", tmp_path / "other"]
    load_model("sam-3d-objects (moge-vitl)", folders=folders, on_progress=lambda *step: steps.append(step))
    assert (tmp_path / "models" / "moge-vitl.pt").read_bytes() == path.read_bytes() and steps
    asked = len(hub.requests)
    load_model("sam-3d-objects (moge-vitl)", folders=folders)
    assert len(hub.requests) == asked


def test_gated_yaml_leads_to_open_weights(tmp_path, moge, hub, monkeypatch):
    hub.files["facebook/sam-3d-objects/checkpoints/pipeline.yaml"] = PIPELINE.format("Ruicheng/moge-vitl").encode()
    hub.files["Ruicheng/moge-vitl/model.pt"] = moge.save_checkpoint(
        tmp_path / "served.pt", "v1", moge.V1_CONFIG
    ).read_bytes()
    hub.gated, hub.accepted_tokens = {"facebook/sam-3d-objects"}, {"hf_good"}
    with pytest.raises(ModelError, match="gated and no Hugging Face token"):
        load_model("facebook/sam-3d-objects", folders=[tmp_path / "models"])
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    check(load_model("facebook/sam-3d-objects", folders=[tmp_path / "models"]), metric=False, normals=False)
    assert (tmp_path / "models/sam-3d-objects/checkpoints/pipeline.yaml").is_file()


def test_wrong_version_under_a_catalogue_name(tmp_path, moge):
    moge.save_checkpoint(tmp_path / "moge-vitl.pt", "v2", moge.v2_config())
    with pytest.raises(ModelError, match="holds MoGe 2 weights where MoGe 1 was expected"):
        load_model("sam-3d-objects (moge-vitl)", folders=[tmp_path])


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        (
            "moge-2-vits-normal",
            {"allow_download": False},
            "downloading is switched off: allow it, or put model.pt from https://huggingface.co/Ruicheng/moge-2-vits-normal",
        ),
        ("no-such-model", {}, "neither in the catalogue nor a file in"),
        (PREVIEW, {"precision": "fp8"}, "precision 'fp8' is unknown"),
    ],
    ids=["download switched off", "unknown name", "unknown precision"],
)
def test_says_what_to_do(tmp_path, name, options, reason):
    with pytest.raises(ModelError, match=reason):
        load_model(name, folders=[tmp_path], **options)


def test_folder_without_one_model(tmp_path):
    with pytest.raises(ModelError, match="holds 0 model files"):
        load_model(str(tmp_path))
    for name in ("a.pt", "b.pt"):
        (tmp_path / name).touch()
    with pytest.raises(ModelError, match="holds 2 model files"):
        load_model(str(tmp_path))


@pytest.mark.skipif(
    torch.cuda.is_available() or not WEIGHTS.exists(), reason="there is a GPU, or no preview.safetensors"
)
def test_device_that_is_not_there():
    with pytest.raises(ModelError, match="cannot be put on cuda.*another device"):
        load_model(PREVIEW, device="cuda")


def test_offline_and_never_downloading_ask_nobody(tmp_path, hub, monkeypatch):
    with pytest.raises(ModelError, match="switched off"):
        load_model("moge-2-vitl", folders=[tmp_path], allow_download=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE"):
        load_model("moge-2-vitl", folders=[tmp_path])
    assert not hub.requests and not list(tmp_path.iterdir())


@pytest.mark.parametrize("source", ["pipeline.yaml", ".", "other.yaml", "facebook/sam-3d-objects"])
def test_pipelines_that_name_pipelines_are_refused(tmp_path, source):
    for name in ("pipeline.yaml", "other.yaml"):
        (tmp_path / name).write_text(PIPELINE.format(source), encoding="utf-8")
    with pytest.raises(ModelError, match="which is a pipeline.yaml again: name the weights there") as caught:
        load_model(str(tmp_path / "pipeline.yaml"), allow_download=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a" * 5000, "a/" * 2000, "a\0b"], ids=["long", "deep", "odd"])
def test_names_that_no_disk_takes_are_refused_in_a_short_sentence(tmp_path, name):
    with pytest.raises(ModelError, match="is neither in the catalogue nor a file") as caught:
        load_model(name, folders=[tmp_path], allow_download=False)
    assert len(str(caught.value)) < 500
