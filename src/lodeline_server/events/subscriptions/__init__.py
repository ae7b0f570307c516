"""Named queries and who is told of new events that answer them: by webhook, at once or by a schedule.

Source: GS1 EPCIS 2.0, section 12 (REST bindings) and its OpenAPI.
"""
