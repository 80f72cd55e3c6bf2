"""Measurements of speed and memory, each beside another program or a stated goal."""
