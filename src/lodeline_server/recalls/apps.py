from django.apps import AppConfig


class RecallsConfig(AppConfig):
    name = "lodeline_server.recalls"
    label = "recalls"

    def ready(self) -> None:
        from lodeline_server.log import sources
        from lodeline_server.log.projections import register
        from lodeline_server.log.purging import offer_quotes
        from lodeline_server.recalls.models import Closure, Drill, Notice, Recall
        from lodeline_server.recalls.projections import Recalls

        projection = Recalls()
        for kind in projection.types:
            offer_quotes(kind, lambda payload, erasing: erasing.quoted_in(payload["body"]))
        register(projection)
        sources.offer("recalls", Recall, {"recall.computed"}, projection="recalls")
        sources.offer("drills", Drill, {"recall.drill-drawn"}, projection="recalls")
        # What is said of a recall whose statement was erased, or after its closing, has no row.
        for name, model, kind in (
            ("notices", Notice, "recall.notice"),
            ("closures", Closure, "recall.closed"),
        ):
            sources.offer(name, model, {kind}, projection="recalls", complete=False)
