from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "lodeline_server.credentials"
    label = "credentials"
