// Looks again while something is being processed. Without it the page says the same after a reload.
(() => {
  "use strict";
  const PAUSES = [1500, 2000, 3000, 5000, 8000];
  const MOST = 150;
  let looks = 0;
  const running = (page) => page.querySelector("[data-live=running]") !== null;

  const swap = (page) => {
    for (const old of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(old.id);
      if (!fresh || old.contains(document.activeElement)) continue;
      if (fresh.innerHTML !== old.innerHTML || fresh.dataset.live !== old.dataset.live) old.replaceWith(fresh);
    }
    const said = document.getElementById("live-said");
    const words = page.getElementById("live-said");
    if (said && words && said.textContent !== words.textContent) said.textContent = words.textContent;
    const heading = page.querySelector("h1");
    const shown = document.querySelector("h1");
    if (heading && shown && heading.textContent !== shown.textContent) shown.textContent = heading.textContent;
  };

  const look = async () => {
    looks += 1;
    if (!document.hidden) {
      try {
        const answer = await fetch(window.location.href, { headers: { Accept: "text/html" }, redirect: "error" });
        if (!answer.ok) return;
        swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch { /* the next look may reach the server again */ }
    }
    if (looks < MOST && running(document)) window.setTimeout(look, PAUSES[Math.min(looks, PAUSES.length - 1)]);
  };
  if (running(document)) window.setTimeout(look, PAUSES[0]);
})();
