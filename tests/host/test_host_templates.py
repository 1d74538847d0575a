"""The pack's templates in ComfyUI's template browser: titles, descriptions and the meant order, and each opens."""

import json

from comfyui_page import open_page
from comfyui_server import PACK
from repository import ROOT

TOLD = json.loads((ROOT / "web" / "templates.json").read_text(encoding="utf-8"))


def as_shown(description):
    """A description as the page writes it, which takes dashes for spaces in names of files."""
    return description.replace("-", " ").replace("_", " ")


def test_the_browser_of_templates_shows_titles_and_descriptions_in_order(host):
    assert set(host.get("/workflow_templates")[PACK]) == {told["name"] for told in TOLD}
    assert all(host.fetch(f"/api/workflow_templates/{PACK}/{told['name']}.jpg")[0] == 200 for told in TOLD[:3])
    with open_page(host, PACK, viewport=(1600, 1000)) as page:
        page.evaluate("() => app.extensionManager.command.execute('Comfy.BrowseTemplates')")
        page.get_by_text("SAM3D Geometry", exact=True).last.click(timeout=60_000)
        page.get_by_text(TOLD[0]["title"], exact=True).first.wait_for(timeout=60_000)
        page.wait_for_timeout(1500)
        page.screenshot(path=host.base / "templates.png")
        text = page.evaluate("() => document.body.innerText")
        shown = [told for told in TOLD if f"\n{told['title']}\n" in text]
        assert len(shown) >= 6 and shown == TOLD[: len(shown)]
        places = [text.index(f"\n{told['title']}\n") for told in shown]
        assert places == sorted(places) and all(as_shown(told["description"]) in text for told in shown)
        page.get_by_text(shown[1]["title"], exact=True).first.click()
        page.wait_for_function("() => app.graph._nodes.some((node) => node.type.startsWith('SAM3DGeometry'))")
        assert page.problems == []
