"""The one API object: every app's router, one OpenAPI document at /api/openapi.json."""

from __future__ import annotations

from lodeline import __version__
from lodeline_server.credentials.api import presentations
from lodeline_server.credentials.api import router as credentials
from lodeline_server.credentials.api_wallet import deriving, wallet
from lodeline_server.credentials.api_wallet import presentations as presenting
from lodeline_server.credentials.thresholds.api import router as thresholds
from lodeline_server.credentials.trust_api import router as trust_lists
from lodeline_server.events.api import epcis
from lodeline_server.events.api import router as events
from lodeline_server.events.api_inbox import router as inbox
from lodeline_server.events.querying.api import router as event_queries
from lodeline_server.events.querying.discovery_api import router as collections
from lodeline_server.events.querying.master_data_api import router as master_data
from lodeline_server.events.sheets.api import router as sheets
from lodeline_server.events.subscriptions.api import router as named_queries
from lodeline_server.events.subscriptions.discovery import add_options
from lodeline_server.evidence.api import router as evidence
from lodeline_server.kit.openapi import Api, register_handlers
from lodeline_server.log.anchoring.api import router as anchoring
from lodeline_server.log.api import router as log
from lodeline_server.log.api_erasures import router as erasures
from lodeline_server.log.auditing.api import router as auditing
from lodeline_server.lots.api import router as lots
from lodeline_server.lots.custody.api import router as custody
from lodeline_server.lots.graph_api import router as graphs
from lodeline_server.lots.reconciling.api import router as reconciling
from lodeline_server.lots.site_api import router as sites
from lodeline_server.parties.api import router as parties
from lodeline_server.parties.authentication import authenticate
from lodeline_server.passports.api import router as passports
from lodeline_server.passports.api_disclosure import router as disclosure
from lodeline_server.recalls.api import router as recalls
from lodeline_server.recalls.asking.api import router as asking
from lodeline_server.recalls.closing.api import router as closing
from lodeline_server.recalls.drilling.api import router as drilling
from lodeline_server.trust.api import router as trust

api = Api(
    title="Lodeline",
    version=__version__,
    description="Capture, trace, recall, passports and scores. Every answer names the log position it was computed at.",
    openapi_url="/api/openapi.json",
    docs_url=None,
    auth=authenticate,
    urls_namespace="api",
)
register_handlers(api)
add_options(epcis, event_queries, collections, named_queries)
api.add_router("/epcis", epcis, tags=["EPCIS 2.0"])
api.add_router("/epcis", event_queries, tags=["EPCIS 2.0"])
api.add_router("/epcis", collections, tags=["EPCIS 2.0"])
api.add_router("/epcis", named_queries, tags=["EPCIS 2.0"])
api.add_router("/api", events, tags=["capture"])
api.add_router("/api", inbox, tags=["capture"])
api.add_router("/api", master_data, tags=["capture"])
api.add_router("/api", sheets, tags=["sheets"])
api.add_router("/api", lots, tags=["trace"])
api.add_router("/api", graphs, tags=["trace"])
api.add_router("/api", sites, tags=["trace"])
api.add_router("/api", custody, tags=["books of credits"])
api.add_router("/api", reconciling, tags=["reconciliation"])
api.add_router("/api", drilling, tags=["recalls"])  # before /recalls/{recall_id}
api.add_router("/api", asking, tags=["recalls"])
api.add_router("/api", recalls, tags=["recalls"])
api.add_router("/api", closing, tags=["recalls"])
api.add_router("/api", passports, tags=["passports"])
api.add_router("/api", disclosure, tags=["passports"])
api.add_router("/api", trust, tags=["scores"])
api.add_router("/api", evidence, tags=["evidence"])
api.add_router("/credentials", credentials, tags=["VC-API"])
api.add_router("/credentials", deriving, tags=["VC-API"])
api.add_router("/presentations", presentations, tags=["VC-API"])
api.add_router("/api", trust_lists, tags=["trust lists"])
api.add_router("/presentations", presenting, tags=["VC-API"])
api.add_router("/api", wallet, tags=["wallet"])
api.add_router("/api", thresholds, tags=["threshold proofs"])
api.add_router("/api", parties, tags=["parties"])
api.add_router("/api", log, tags=["log"])
api.add_router("/api", anchoring, tags=["log"])
api.add_router("/api", auditing, tags=["audit trail"])
api.add_router("/api", erasures, tags=["log"])
