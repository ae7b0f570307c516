from django.apps import AppConfig


class RecallsConfig(AppConfig):
    name = "lodeline_server.recalls"
    label = "recalls"

    def ready(self) -> None:
        from lodeline_server.log import sources
        from lodeline_server.log.projections import register
        from lodeline_server.log.purging import offer_quotes
        from lodeline_server.recalls.models import Recall
        from lodeline_server.recalls.projections import Recalls

        offer_quotes("recall.computed", lambda payload, erasing: erasing.quoted_in(payload["body"]))
        register(Recalls())
        sources.offer("recalls", Recall, {"recall.computed"}, projection="recalls")
