// Clocks that run in the browser from the server's moments. The browser's own clock may be wrong:
// every answer of the server says what time it is there.

const WRONG = 90_000;

let ahead = 0;

export function setServerTime(iso) {
  const server = Date.parse(iso);
  if (Number.isNaN(server)) return;
  ahead = server - Date.now();
  sayWrong();
}

// What people read off the computer's own clock would not match what stands on the page.
function sayWrong() {
  const banner = document.getElementById("banner-clock");
  if (!banner) return;
  banner.hidden = Math.abs(ahead) < WRONG;
  const words = ahead > 0 ? banner.dataset.slow : banner.dataset.fast;
  const place = banner.querySelector("[data-words]");
  if (!banner.hidden) place.textContent = words.replace("{minutes}", Math.round(Math.abs(ahead) / 60_000));
}

export function serverNow() {
  return Date.now() + ahead;
}

export function tick(root = document) {
  for (const clock of root.querySelectorAll("[data-clock]")) {
    const text = elapsed(serverNow() - Date.parse(clock.dataset.clock));
    if (clock.textContent !== text) clock.textContent = text;
  }
}

function elapsed(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000)) || 0;
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
