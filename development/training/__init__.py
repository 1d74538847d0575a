"""Procedural scenes with exact geometry, and the training of the built-in preview network on them."""
