"""Battery passports after (EU) 2023/1542: data points, access, assembly, completeness, EN 18223 document.

A passport is a pure function of what is on record: statements of the maker, the event that made the battery, and the
trace of its materials. Every value knows its part (model, batch, item) and the statement it came from.
"""
