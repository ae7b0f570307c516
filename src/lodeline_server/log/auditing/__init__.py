"""The audit trail: lines wait in an outbox, a sequencer gives them their places in the book of their own."""
