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

// What was unfolded stays so when a refresh replaces it.
let unfolded = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  const open = event.detail.target.querySelectorAll("details[open] > summary");
  unfolded = [...open].map((summary) => summary.textContent);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const summary of document.querySelectorAll("[data-live] summary")) {
    if (unfolded.includes(summary.textContent)) summary.parentElement.open = true;
  }
});
