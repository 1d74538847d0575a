"""Depth-driven effects on pictures; each takes a pointmap at the picture's size."""
