"""Labelled pages to a model: corpora, alignment, training, evaluation."""
