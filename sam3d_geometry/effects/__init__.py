"""Depth-driven effects on pictures; each takes a pointmap at the size of the picture. The four wings are independent."""
