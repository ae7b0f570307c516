"""Anchors: something outside says that a checkpoint existed. States, and what can be checked without a network.

What is anchored is the text of a checkpoint (origin, size, root), never its signatures: they may grow.
"""
