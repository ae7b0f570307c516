from datetime import timedelta

from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "lodeline_server.events"
    label = "events"

    def ready(self) -> None:
        from lodeline.events.statement_kinds import KINDS
        from lodeline_server.events.forgetting import purge
        from lodeline_server.events.models import EventRecord
        from lodeline_server.events.querying.projection import Index
        from lodeline_server.events.sheets import forgetting
        from lodeline_server.events.sheets.tasks import forget_previews
        from lodeline_server.events.subscriptions.running import tick
        from lodeline_server.events.tasks import process_left_behind
        from lodeline_server.kit.scheduler import Clock, at_tick, register
        from lodeline_server.log import projections, sources
        from lodeline_server.log.purging import offer_purge

        offer_purge("events", purge)
        offer_purge("previews of sheets", forgetting.purge)
        sources.offer("captured events", EventRecord, {"epcis.event", *KINDS})
        register(Clock(name="captures left behind", task=process_left_behind, every=timedelta(minutes=1)))
        register(Clock(name="previews of sheets", task=forget_previews, every=timedelta(hours=1)))
        at_tick("subscriptions", tick)
        projections.register(Index())
