"""Pictures and masks read off a pointmap."""
