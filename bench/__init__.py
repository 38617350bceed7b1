"""How fast the segmenter is, beside the parser it builds on and the tools it stands in for."""
