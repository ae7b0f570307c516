from django.apps import AppConfig


class LotsConfig(AppConfig):
    name = "lodeline_server.lots"
    label = "lots"

    def ready(self) -> None:
        from lodeline_server.log.projections import register
        from lodeline_server.lots.projections import Lots

        register(Lots())
