"""Threshold proofs over HTTP: numbers sealed in credentials, questions about them, answers, grants, verification.

The construction is in the core (`lodeline.credentials.thresholds`); here are who may ask
whom, how often, and the record.
"""
