// A slider beside the date: it fills the date in, and asks when it is let go. Without it the form works the same.
"use strict";
{
  const DAY = 86400000;
  const form = document.getElementById("explore");
  const date = document.getElementById("f-at");
  const first = form ? Date.parse(form.dataset.first) : NaN;
  const last = form ? Date.parse(form.dataset.last) : NaN;
  if (date && last > first) {
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = "-1";
    slider.max = String(Math.round((last - first) / DAY));
    slider.setAttribute("aria-label", form.dataset.slider);
    const said = (days) => new Date(first + days * DAY).toISOString().slice(0, 10);
    const shown = Date.parse(date.value || form.dataset.last);
    slider.value = String(Math.round((shown - first) / DAY));
    slider.setAttribute("aria-valuetext", said(Number(slider.value)));
    slider.addEventListener("input", () => {
      date.value = said(Number(slider.value));
      slider.setAttribute("aria-valuetext", date.value);
    });
    slider.addEventListener("change", () => form.requestSubmit());
    date.insertAdjacentElement("afterend", slider);
  }
}
