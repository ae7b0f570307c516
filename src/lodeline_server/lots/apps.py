from datetime import timedelta

from django.apps import AppConfig


class LotsConfig(AppConfig):
    name = "lodeline_server.lots"
    label = "lots"

    def ready(self) -> None:
        from lodeline_server.credentials import kinds
        from lodeline_server.kit import scheduler
        from lodeline_server.log.projections import register
        from lodeline_server.lots import credential_kinds, custody, reconciling
        from lodeline_server.lots.projections import Lots
        from lodeline_server.lots.tasks import settle_graphs

        kinds.offer("events", credential_kinds.events)
        register(Lots())
        scheduler.register(
            scheduler.Clock(name="settle lot graphs", task=settle_graphs, every=timedelta(hours=1))
        )
        custody.ready()
        reconciling.ready()
