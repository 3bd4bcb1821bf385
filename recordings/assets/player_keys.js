// Keys of the player. They go by the place of the key, so that they are the same in every keyboard layout;
// none of them acts while somebody types.

const PLACES = {
  KeyK: "play", KeyJ: "back", KeyL: "on", Comma: "slower", Period: "faster", KeyS: "skip", KeyB: "mark",
  Digit1: "left", Digit2: "right",
};

export function listenForKeys(whom) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const player = whom();
    if (!player) return;
    const name = nameOf(event);
    if (name && player.act(name)) event.preventDefault();
  });
}

function nameOf(event) {
  if (event.key === "?") return "keys";
  // Space presses the button that has the focus; anywhere else it plays.
  if (event.code === "Space") return event.target.closest("button, a, summary") ? null : "play";
  return event.shiftKey ? null : PLACES[event.code];
}

function typing(target) {
  if (!(target instanceof HTMLElement)) return false;
  const field = target.closest("input, textarea, select, [contenteditable]");
  return field !== null && !["checkbox", "radio", "button", "submit", "range"].includes(field.type);
}
