"""Lodeline: know, and prove, where a battery's materials came from and how the battery fares.

This package is the core: values in, values out. It knows no web framework, no database, no clock.
"""

__version__ = "0.1.0"
