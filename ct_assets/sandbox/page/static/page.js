"use strict";
// Beats for whatever is marked data-live, unless paused, out of sight or being read closely.
const beat = 2000;
let paused = false;

function busy() {
  const selection = getSelection();
  return paused || document.hidden || (selection !== null && selection.toString() !== "");
}

setInterval(() => {
  if (busy()) return;
  for (const part of document.querySelectorAll("[data-live]")) htmx.trigger(part, "tick");
}, beat);

const live = document.getElementById("live-switch");
if (live) {
  live.hidden = false;
  live.addEventListener("click", () => {
    paused = !paused;
    live.setAttribute("aria-pressed", String(!paused));
  });
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
    button.textContent = "Copied";
  });
}

const trouble = document.getElementById("trouble");
document.addEventListener("htmx:sendError", () => { trouble.hidden = false; });
document.addEventListener("htmx:responseError", () => { trouble.hidden = false; });
document.addEventListener("htmx:afterOnLoad", () => { trouble.hidden = true; });

// What was unfolded or scrolled stays so when a refresh replaces it; htmx itself keeps the focus.
// All three go by ids.
let kept = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const parts = event.detail.target.querySelectorAll("details[id], .scroll[id], .drawn[id]");
  kept = [...parts].map(({ id, open, scrollLeft }) => ({ id, open, scrollLeft }));
});
document.addEventListener("htmx:afterSettle", () => {
  for (const { id, open, scrollLeft } of kept) {
    const part = document.getElementById(id);
    if (!part) continue;
    if (open) part.open = true;
    part.scrollLeft = scrollLeft;
  }
  kept = [];
});
