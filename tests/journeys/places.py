"""All pages, and how a person gets to them: role, address, and the link to follow there."""

from __future__ import annotations

PLACES = {
    "landing": (None, "/", ""),
    "verify": (None, "/verify", ""),
    "sign-in": (None, "/accounts/login/", ""),
    "home": ("quality", "/app/", ""),
    "home of a supplier": ("supplier", "/app/", ""),
    "home of an operator": ("operator", "/app/", ""),
    "search": ("quality", "/app/search?q=a", ""),
    "search, nothing found": ("quality", "/app/search?q=nothing-like-it", ""),
    "suppliers": ("buyer", "/app/suppliers/", ""),
    "supplier": ("buyer", "/app/suppliers/", 'main tbody a[href^="/app/suppliers/"]'),
    "own score": ("supplier", "/app/suppliers/", 'main a[href^="/app/suppliers/"]'),
    "method": ("buyer", "/app/suppliers/", 'main a[href^="/app/methods/"]'),
    "trace": ("quality", "/app/trace/", ""),
    "trace, nothing fits": ("quality", "/app/trace/?product=nothing-like-it", ""),
    "lot": ("quality", "/app/trace/", 'main tbody a[href^="/app/lots/"]'),
    "item": ("quality", "/app/passports/", "item"),
    "explorer": ("quality", "/app/trace/open?key=CAM-0369", 'main a[href$="/explore"]'),
    "origin map": ("quality", "/app/trace/open?key=CAM-0369", 'main a[href*="/origins"]'),
    "sites": ("quality", "/app/sites/", ""),
    "site": ("quality", "/app/sites/", 'main tbody a[href^="/app/sites/"]'),
    "reconciliation": ("quality", "/app/reconciliation/", ""),
    "reconciliation, nothing fits": ("supplier", "/app/reconciliation/?state=dismissed", ""),
    "case": ("quality", "/app/reconciliation/", 'main tbody a[href^="/app/reconciliation/"]'),
    "books of credits": ("maker", "/app/custody/", ""),
    "book of credits": ("maker", "/app/custody/", 'main tbody a[href*="?period="]'),
    "entry of a book": ("maker", "/app/custody/", 'main tbody a[href^="/app/custody/entries/"]'),
    "recalls": ("quality", "/app/recalls/", ""),
    "recall, new": ("quality", "/app/recalls/new", ""),
    "recall": ("quality", "/app/recalls/", 'main tbody a[href^="/app/recalls/"]'),
    "what if": ("quality", "/app/recalls/what-if?lots=CS-2291&threshold=1&substance=Co", ""),
    "contribution": ("quality", "/app/recalls/contribution?items=CAM-0366&threshold=1&substance=Co", ""),
    "common cause": ("quality", "/app/recalls/common-cause", ""),
    "drills": ("quality", "/app/recalls/drills/", ""),
    "drill": ("quality", "/app/recalls/drills/", 'main tbody a[href^="/app/recalls/drills/"]'),
    "notices": ("quality", "/app/recalls/", "notices"),
    "closing, open": ("quality", "/app/recalls/", "closing"),
    "closing, closed": ("quality", "/app/recalls/", 'main tbody a[href$="/closing"]'),
    "passports": ("maker", "/app/passports/", ""),
    "passports, waiting": ("maker", "/app/passports/waiting/", ""),
    "passport": ("maker", "/app/passports/", 'main tbody a[href^="/app/passports/"]'),
    "passport as a regulator": ("regulator", "/app/passports/", 'main tbody a[href^="/app/passports/"]'),
    "public passport": (None, "public passport", ""),
    "schemes": ("buyer", "/app/schemes/", ""),
    "captures": ("maker", "/app/captures/", ""),
    "capture": ("maker", "/app/captures/", 'main tbody a[href^="/app/captures/"]'),
    "sheets": ("supplier", "/app/sheets/", ""),
    "queries": ("maker", "/app/queries/", ""),
    "log": ("auditor", "/app/log/", ""),
    "receipt": ("auditor", "/app/log/", 'main tbody a[href^="/app/log/"]'),
    "threshold proofs": ("supplier", "/app/thresholds/", ""),
    "threshold question, new": ("buyer", "/app/thresholds/ask", ""),
    "members": ("operator", "/app/members/", ""),
    "identity": ("maker", "/app/identity/", ""),
    "keys": ("maker", "/app/keys/", ""),
    "credentials": ("maker", "/app/credentials/", ""),
    "credentials, take in": ("maker", "/app/credentials/take-in", ""),
    "credentials, sign": ("maker", "/app/credentials/sign", ""),
    "credentials, issue": ("maker", "/app/credentials/issue", ""),
    "credentials, present": ("maker", "/app/credentials/present", ""),
    "switch": ("maker", "/app/switch", ""),
    "security": ("maker", "/accounts/2fa/", ""),
    "audit trail": ("operator", "/app/audit/", ""),
    "operator": ("operator", "/app/operator/", ""),
    "not found": ("maker", "/app/nothing-here/", ""),
    "not allowed": ("recycler", "/app/recalls/", ""),
}
STATUS = {"not found": 404, "not allowed": 403}


def go(visit, name, **options):
    """Open a page of the table; the page, after its status was looked at."""
    role, address, link = PLACES[name]
    if name == "public passport":
        address = public_address(visit)
    page = visit(role, **options)
    answer = page.goto(address)
    if link == "item":
        open_item(page)
    elif link in {"notices", "closing"}:
        page.goto(first(page, PLACES["recall"][2]))
        page.goto(first(page, f'main a[href$="/{link}"]'))
    elif link:
        page.goto(first(page, link))
    elif name in STATUS:
        assert answer.status == STATUS[name]
        visit.said[:] = [line for line in visit.said if "Failed to load resource" not in line]
    else:
        assert answer.status == 200
    return page


def first(page, selector):
    """Where the first fitting link leads that is not the page itself."""
    here = page.evaluate("location.pathname")
    found = page.locator(selector).evaluate_all("all => all.map(a => a.getAttribute('href'))")
    return next(href for href in found if href != here)


def public_address(visit):
    """The address of a battery's public passport, as the maker finds it."""
    page = visit("maker")
    page.goto("/app/passports/")
    page.goto(first(page, 'main tbody a[href^="/app/passports/"]'))
    href = page.locator('main a[href*="/01/"]').first.get_attribute("href")
    return href[href.index("/01/") :]


def open_item(page):
    """From the list of passports by search to the battery itself."""
    serial = page.locator("main tbody tr").first.locator("th, td").first.inner_text().split("\n")[0].strip()
    page.goto(f"/app/search?q={serial}")
    page.goto(first(page, 'main tbody a[href^="/app/items/"]'))
