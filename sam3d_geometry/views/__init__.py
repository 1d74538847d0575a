"""Many photos of one thing: cameras found, depths bent to agree, one surface, new views, numbers."""
