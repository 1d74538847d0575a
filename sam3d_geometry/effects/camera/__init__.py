"""Pictures from another camera."""
