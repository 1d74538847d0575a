"""What changes from frame to frame: cuts, motion, alignment and smoothing over time."""
