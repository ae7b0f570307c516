"""Queries of events: from parameters to the events on record that fit them."""
