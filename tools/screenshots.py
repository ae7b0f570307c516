"""Pictures of the main pages of a running server, to look at and for the documentation.

    python tools/screenshots.py FOLDER [--address URL] [--role quality] [--only home,supplier] [--modes light,dark]

Signs in with a demonstration account, follows links to reach a lot, an item and so on, and writes
`<page>-<mode>.png`. Needs Chromium (LODELINE_CHROMIUM, else /usr/bin/chromium).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
MODES = {"light": (1360, 900, "light"), "dark": (1360, 900, "dark"), "phone": (390, 844, "light")}
# Page, address, and the links to follow from there (the first that fits of each), if any.
PAGES: dict[str, tuple[str, str]] = {
    "landing": ("/", ""),
    "sign-in": ("/accounts/login/", ""),
    "home": ("/app/", ""),
    "search": ("/app/search?q=CS", ""),
    "suppliers": ("/app/suppliers/", ""),
    "supplier": ("/app/suppliers/", 'main a[href^="/app/suppliers/"]'),
    "trace": ("/app/trace/", ""),
    "lot": ("/app/trace/", 'main a[href^="/app/lots/"]'),
    "item": ("/app/trace/?item=true", 'main a[href^="/app/items/"]'),
    "reconciliation": ("/app/reconciliation/", ""),
    "case": ("/app/reconciliation/?rule=RC-ASSAY", 'main tbody a[href^="/app/reconciliation/"]'),
    "explorer": ("/app/trace/", 'main a[href^="/app/lots/"] >> main a[href$="/explore"]'),
    "sites": ("/app/sites/", ""),
    "site": ("/app/sites/", 'main tbody a[href^="/app/sites/"]'),
    "recalls": ("/app/recalls/", ""),
    "recall-new": ("/app/recalls/new", ""),
    "recall": ("/app/recalls/", 'main tbody a[href^="/app/recalls/"]'),
    "passports": ("/app/passports/", ""),
    "passport": ("/app/passports/", 'main tbody a[href^="/app/passports/"]'),
    "passport-public": ("/app/passports/", 'main tbody a[href^="/app/passports/"] >> main a[href*="/01/"]'),
    "schemes": ("/app/schemes/", ""),
    "captures": ("/app/captures/", ""),
    "capture": ("/app/captures/", 'main tbody a[href^="/app/captures/"]'),
    "log": ("/app/log/", ""),
    "receipt": ("/app/log/", 'main tbody a[href^="/app/log/"]'),
    "members": ("/app/members/", ""),
    "keys": ("/app/keys/", ""),
    "switch": ("/app/switch", ""),
    "security": ("/accounts/2fa/", ""),
    "operator": ("/app/operator/", ""),
    "not-found": ("/app/nothing-here/", ""),
}
OPEN = {"landing", "sign-in"}
OPERATOR = {"members", "keys", "operator"}


def sign_in(browser: Browser, address: str, email: str, password: str) -> str:
    """The state of a browser in which this person is signed in, as a file in memory."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{address}/app/**")
    state = context.storage_state()
    context.close()
    return state  # type: ignore[return-value]


def reach(page: Page, address: str, name: str) -> str:
    """Go to a page of the table; what was in the way, if anything."""
    path, link = PAGES[name]
    answer = page.goto(address + path)
    for step in filter(None, link.split(" >> ")):
        here = page.evaluate("location.pathname")
        hrefs = page.locator(step).evaluate_all("all => all.map(a => a.getAttribute('href'))")
        href = next((href for href in hrefs if href != here), None)
        if href is None:
            return f"no link {step} on {here}"
        answer = page.goto(address + urlsplit(href).path)  # a Digital Link may name the public address
    expected = 404 if name == "not-found" else 200
    if answer is None or answer.status != expected:
        return f"{page.url} answered {answer.status if answer else 'nothing'}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--role", default="quality", help="whose pages (a demonstration sign-in)")
    parser.add_argument("--password", default="lode to the last cycle")
    parser.add_argument("--only", default="", help="pages, comma separated")
    parser.add_argument("--modes", default=",".join(MODES))
    args = parser.parse_args()
    wanted = [name for name in PAGES if not args.only or name in args.only.split(",")]
    args.folder.mkdir(parents=True, exist_ok=True)
    failed = 0
    with sync_playwright() as playwright:
        chromium = os.environ.get("LODELINE_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        states = {
            role: sign_in(browser, args.address, f"{role}@demo.example", args.password)
            for role in {args.role, *(["operator"] if OPERATOR & set(wanted) else [])}
        }
        for mode in args.modes.split(","):
            width, height, scheme = MODES[mode]
            for name in wanted:
                state = None if name in OPEN else states["operator" if name in OPERATOR else args.role]
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, storage_state=state,
                    is_mobile=mode == "phone", device_scale_factor=2 if mode == "phone" else 1,
                )  # fmt: skip
                page = context.new_page()
                trouble = reach(page, args.address, name)
                if trouble:
                    failed += 1
                    print(f"{name}: {trouble}", file=sys.stderr)
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    print(f"{name}, {mode}: {wide} px wide on a screen of {width}", file=sys.stderr)
                page.screenshot(path=args.folder / f"{name}-{mode}.png", full_page=True)
                context.close()
        browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
