from datetime import timedelta

from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "lodeline_server.trust"
    label = "trust"

    def ready(self) -> None:
        from lodeline_server.kit.scheduler import Clock
        from lodeline_server.kit.scheduler import register as schedule
        from lodeline_server.log import sources
        from lodeline_server.log.projections import register
        from lodeline_server.log.purging import offer_quotes
        from lodeline_server.trust.forgetting import quotes
        from lodeline_server.trust.models import Score
        from lodeline_server.trust.projections import TrustProjection
        from lodeline_server.trust.tasks import score_everybody

        offer_quotes("score", quotes)
        register(TrustProjection())
        sources.offer("scores", Score, TrustProjection.types, projection=TrustProjection.name)
        schedule(Clock(name="score everybody", task=score_everybody, every=timedelta(days=1)))
