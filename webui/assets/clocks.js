// Clocks that run in the browser from the server's moments. The browser's own clock may be wrong:
// every answer of the server says what time it is there.

let ahead = 0;

export function setServerTime(iso) {
  const server = Date.parse(iso);
  if (!Number.isNaN(server)) ahead = server - Date.now();
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
