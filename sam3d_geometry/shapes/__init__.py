"""Meshes and point clouds from pointmaps."""
