from django.apps import AppConfig


class RecallsConfig(AppConfig):
    name = "lodeline_server.recalls"
    label = "recalls"

    def ready(self) -> None:
        from lodeline_server.log.projections import register
        from lodeline_server.recalls.projections import Recalls

        register(Recalls())
