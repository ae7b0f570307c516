"""Recalls: what a lot reached, ranked by dose."""
