"""Lights, shadows, and things put into the scene."""
