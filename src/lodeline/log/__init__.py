"""The tamper-evident log: leaves, Merkle tree, proofs, signed checkpoints."""
