"""Cameras, pointmaps and what is measured on them."""
