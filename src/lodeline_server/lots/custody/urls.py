from __future__ import annotations

from django.urls import path

from lodeline_server.lots.custody import pages

urlpatterns = [
    path("app/custody/", pages.books, name="custody"),
    path("app/custody/entries/<int:position>/", pages.entry, name="custody_entry"),
    path("app/custody/<slug:ref>/", pages.book, name="custody_book"),
    path("app/custody/<slug:ref>/close", pages.book_close, name="custody_close"),
]
