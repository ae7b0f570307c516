from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "lodeline_server.parties"
    label = "parties"

    def ready(self) -> None:
        from lodeline_server.log.auditing import pseudonyms
        from lodeline_server.parties import trail

        pseudonyms.offer(find=trail.find, names=trail.names)
