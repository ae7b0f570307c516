from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "lodeline_server.web"
    label = "web"

    def ready(self) -> None:
        from lodeline_server.kit.context import offer
        from lodeline_server.web import standing

        offer("organisation_name", standing.organisation_name)
        offer("demonstration", standing.demonstration)
        offer("log_health", standing.badge)
