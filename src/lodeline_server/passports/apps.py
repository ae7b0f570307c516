from django.apps import AppConfig


class PassportsConfig(AppConfig):
    name = "lodeline_server.passports"
    label = "passports"

    def ready(self) -> None:
        from lodeline_server.credentials import kinds
        from lodeline_server.log import purging, sources
        from lodeline_server.log.projections import register
        from lodeline_server.passports import credential_kinds, forgetting
        from lodeline_server.passports.models import Passport
        from lodeline_server.passports.projections import PassportsProjection

        purging.offer_quotes("passport.published", forgetting.quotes)
        purging.offer_afterwards("passports", forgetting.issue_anew)
        kinds.offer("passport", credential_kinds.passport)
        register(PassportsProjection())
        # the newest version of each: older ones have no row
        sources.offer("passports", Passport, PassportsProjection.types, complete=False)
