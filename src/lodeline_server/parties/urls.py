from __future__ import annotations

from django.urls import path

from lodeline_server.parties import pages

urlpatterns = [
    path("app/switch", pages.switch, name="switch"),
    path("app/members/", pages.members, name="members"),
    path("app/members/<int:pk>/role", pages.member_role, name="member_role"),
    path("app/members/<int:pk>/link", pages.member_link, name="member_link"),
    path("app/members/<int:pk>/remove", pages.member_remove, name="member_remove"),
    path("app/keys/", pages.keys, name="keys"),
    path("app/keys/<int:pk>/revoke", pages.key_revoke, name="key_revoke"),
]
