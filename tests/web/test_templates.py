"""Templates with titles, descriptions and an order, where ComfyUI shows files' names; whatever else it lists stays as it is."""

import json

from page_scripts import needs_node, run_in_page
from repository import ROOT

TOLD = json.loads((ROOT / "web" / "templates.json").read_text(encoding="utf-8"))

LISTED = """
  const { withTitles } = await import("./extensions/pack/js/templates.js")
  const told = [{ name: "fog", title: "Fog", description: "Mist." }, { name: "measure", title: "Measure", description: "Lengths." }]
  const core = [{ moduleName: "default", title: "Basics", templates: [] }]
  const names = { other: ["x"], pack: ["measure", "fog", "new_one"] }
  return [
    withTitles(names, core, told, "pack"), withTitles({ other: ["x"] }, core, told, "pack"),
    withTitles(names, "no list", told, "pack"), withTitles({ pack: ["fog"] }, [], told, "pack"),
  ]
"""


@needs_node
def test_ours_come_in_order_with_titles_and_others_stay(tmp_path):
    whole, none, strange, one = run_in_page(tmp_path, LISTED)
    assert whole["names"] == {"other": ["x"], "pack": ["new_one"]}
    core, ours = whole["categories"]
    assert core["moduleName"] == "default" and (ours["moduleName"], ours["title"]) == ("pack", "SAM3D Geometry")
    assert [(t["name"], t["title"], t["mediaSubtype"]) for t in ours["templates"]] == [
        ("fog", "Fog", "jpg"),
        ("measure", "Measure", "jpg"),
    ]
    assert none["names"] == {"other": ["x"]} and len(none["categories"]) == 1
    assert strange["categories"] == "no list" and len(strange["names"]["pack"]) == 3
    assert one["names"] == {} and [t["name"] for t in one["categories"][0]["templates"]] == ["fog"]


def test_every_template_is_told_of_in_the_readmes_order_and_words():
    assert [told["name"] for told in TOLD] == list(dict.fromkeys(told["name"] for told in TOLD))
    assert {told["name"] for told in TOLD} == {path.stem for path in (ROOT / "workflows").glob("*.json")}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    places = [readme.find(f"[{told['name']}](workflows/{told['name']}.json): ") for told in TOLD]
    assert places == sorted(places) and min(places) > 0
    for told, place in zip(TOLD, places, strict=True):
        said = told["description"][0].lower() + told["description"][1:].rstrip(".")
        assert said in readme[place : place + 400].replace("Colored", "colored"), told["name"]
        assert told["title"] and "_" not in told["title"] and told["title"][0].isupper()
