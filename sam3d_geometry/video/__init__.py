"""Clips of any length, read, worked over and written in bounded memory."""
