"""The kernel of the lot graph: compressed rows, one sweep, a snapshot on disk, a delta, cones for recalls."""
