// Comforts only; every page works without this file.
(() => {
  "use strict";
  const OFF = "lodeline.no-shortcut";
  const field = document.getElementById("q");
  const toggle = document.querySelector("[data-shortcut]");
  const hint = document.querySelector("[data-shortcut-key]");
  const store = (() => { try { return window.localStorage; } catch { return null; } })();
  const on = () => store?.getItem(OFF) !== "1";

  // "/" goes to the search. A key without a modifier must be possible to switch off (WCAG 2.1.4).
  if (field && toggle && hint) {
    const box = toggle.querySelector("input");
    const show = () => { box.checked = on(); hint.hidden = !on(); };
    toggle.hidden = false;
    show();
    box.addEventListener("change", () => { store?.setItem(OFF, box.checked ? "0" : "1"); show(); });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || !on()) return;
      event.preventDefault();
      field.focus();
    });
  }

  // Menus close with Escape and by a click elsewhere.
  const menus = [...document.querySelectorAll("details[data-menu]")];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus.filter((one) => one.open)) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
})();
