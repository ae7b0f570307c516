from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "lodeline_server.publishing"
    label = "publishing"
