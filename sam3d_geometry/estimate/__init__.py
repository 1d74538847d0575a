"""Pointmaps from photos by a network, or from the depth of somebody else."""
