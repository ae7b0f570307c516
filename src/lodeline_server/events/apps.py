from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "lodeline_server.events"
    label = "events"
