"""Anchors of checkpoints: an outbox, three kinds (RFC 3161, EVM chain, file), one worker."""
