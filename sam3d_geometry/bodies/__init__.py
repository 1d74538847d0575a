"""People in the scene: bodies placed on a pointmap, steadied over a clip, checked and exported."""
