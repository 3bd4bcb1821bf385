// Finds players in the page, also in what is swapped in later, and gives them life. A player that was playing
// when its part of the page was replaced goes on playing in the new part.

import "./clipping.js";

const known = new Set();

async function liven(place) {
  const { Player } = await import("./playing.js");
  if (place.dataset.alive || !place.isConnected) return;
  const id = place.dataset.player;
  const orphan = [...known].find((player) => player.id === id && !player.root.isConnected);
  if (orphan) return orphan.moveTo(place);
  place.dataset.alive = "yes";
  known.add(new Player(place));
}

function look(within) {
  if (within.matches?.("[data-player]")) liven(within);
  for (const place of within.querySelectorAll?.("[data-player]") ?? []) liven(place);
}

// What left the page and did not come back within a moment is silent and forgotten.
function tidy() {
  for (const player of known) {
    if (player.root.isConnected) continue;
    player.end();
    known.delete(player);
  }
}

let soon = 0;
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) look(node);
  if (!soon && changes.some((change) => change.removedNodes.length)) {
    soon = setTimeout(() => {
      soon = 0;
      tidy();
    }, 3000);
  }
}).observe(document.body, { childList: true, subtree: true });
look(document.body);

// A player that is fetched when it is wanted: <button data-play="/path" data-into="#place">.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-play]");
  if (!button) return;
  event.preventDefault();
  const place = document.querySelector(button.dataset.into);
  const there = place.querySelector("[data-player]");
  if (there) return void there.dispatchEvent(new CustomEvent("pitline:play"));
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(button.dataset.play, { headers: { "HX-Request": "true" } });
    place.hidden = false;
    place.closest("tr")?.removeAttribute("hidden");
    place.innerHTML = await answer.text();
    button.setAttribute("aria-expanded", "true");
    const found = place.querySelector("[data-player]");
    if (found) found.dataset.playNow = "yes";
  } finally {
    button.removeAttribute("aria-busy");
  }
});
