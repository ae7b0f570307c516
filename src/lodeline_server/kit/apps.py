from django.apps import AppConfig

from lodeline_server.kit.logging import configure


class KitConfig(AppConfig):
    name = "lodeline_server.kit"
    label = "kit"

    def ready(self) -> None:
        configure()
