"""Load SAM3D Geometry says of its model what a user wants to know, and offers what can be done about it."""

from page_scripts import needs_node, run_in_page

SAID = """
  const { saidOf, sized } = await import("./extensions/pack/js/model_status.js")
  const here = { size: 1.3e9, is_here: true, licence: "MIT", gives: "points, meters", file: "m.pt" }
  const away = { ...here, is_here: false, file: "" }
  const bare = new Map([["auto", { ...here, size: 0, file: "built-in preview" }], ["moge-2-vitl-normal", away], ["moge-2-vitl", away]])
  const full = new Map([["auto", here], ["moge-2-vitl", here]])
  const events = (state, more) => new Map([["moge-2-vitl-normal", { state, done: 5e8, total: 1e9, ...more }]])
  return [
    saidOf("auto", bare, new Map()), saidOf("auto", bare, events("running")), saidOf("auto", bare, events("failed", { sentence: "No room." })),
    saidOf("auto", bare, events("cancelled")), saidOf("auto", full, new Map()), saidOf("moge-2-vitl", bare, new Map()),
    saidOf("moge-2-vitl", full, new Map()), saidOf("mine.pt", full, new Map()), sized(2.04e7), sized(1)
  ]
"""


@needs_node
def test_what_the_node_says(tmp_path):
    auto, running, failed, cancelled, found, away, here, own, megabytes, least = run_in_page(tmp_path, SAID)
    assert "built-in preview is used" in auto["text"] and "1.3 GB, MIT" in auto["text"]
    assert (auto["action"], auto["model"]) == ("download", "moge-2-vitl-normal")
    assert running == {
        "text": "Downloading moge-2-vitl-normal: 50 % of 1.0 GB",
        "action": "cancel",
        "model": "moge-2-vitl-normal",
    }
    assert failed["text"].startswith("No room. ") and failed["action"] == "download"
    assert cancelled["text"].startswith("Cancelled; Download continues it.") and cancelled["action"] == "download"
    assert found["text"] == "Takes m.pt, 1.3 GB, MIT; gives points, meters." and found["action"] == ""
    assert away["text"].startswith("Not on disk: about 1.3 GB") and away["action"] == "download"
    assert here["text"].startswith("On disk: m.pt, ") and here["action"] == ""
    assert own["action"] == ""
    assert (megabytes, least) == ("20 MB", "1 MB")
