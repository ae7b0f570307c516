from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "lodeline_server.evidence"
    label = "evidence"

    def ready(self) -> None:
        from lodeline_server.credentials import kinds
        from lodeline_server.evidence import credential_kinds
        from lodeline_server.evidence.models import Fact
        from lodeline_server.evidence.projections import EvidenceProjection
        from lodeline_server.evidence.reading import KINDS
        from lodeline_server.log import sources
        from lodeline_server.log.projections import register

        kinds.offer("facility", credential_kinds.facility)
        kinds.offer("conformity", credential_kinds.conformity)
        register(EvidenceProjection())
        sources.offer("facts", Fact, KINDS, projection="evidence")
