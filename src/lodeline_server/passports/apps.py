from django.apps import AppConfig


class PassportsConfig(AppConfig):
    name = "lodeline_server.passports"
    label = "passports"

    def ready(self) -> None:
        from lodeline_server.log.projections import register
        from lodeline_server.passports.projections import PassportsProjection

        register(PassportsProjection())
