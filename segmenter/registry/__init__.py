"""Versions of the model: immutable directories, the active one, and the way back."""
