"""The trust score: a published measurement, recomputable from its evidence and its method.

`score(snapshot, method)` is a pure function. `method.load()` reads the published method.
"""
