"""Genealogy: lots, the graph between them, where substances come from."""
