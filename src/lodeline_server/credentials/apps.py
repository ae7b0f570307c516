from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "lodeline_server.credentials"
    label = "credentials"

    def ready(self) -> None:
        from lodeline_server.credentials import kinds, kinds_own

        kinds.offer("identity", kinds_own.identity)
        kinds.offer("membership", kinds_own.membership)
