from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "lodeline_server.credentials"
    label = "credentials"

    def ready(self) -> None:
        from django.conf import settings

        from lodeline_server.credentials import kinds, kinds_own

        kinds.offer("identity", kinds_own.identity)
        kinds.offer("membership", kinds_own.membership)
        if settings.THRESHOLD_CLAIMS:
            from lodeline_server.credentials.thresholds import allowed

            allowed.policy()  # a list that cannot be read stops the start, not a question
