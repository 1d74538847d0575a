"""Files that keep what a pointmap holds: geometry, exact depth, recordings. One file format per module."""
