// Keys of the desk. They go by the place of the key (`event.code`), so that they are the same under
// a Ukrainian, a Russian and a Latin layout; none of them acts while somebody types.

const PLACES = {
  KeyN: "note", KeyC: "create", KeyW: "next", KeyO: "open", KeyM: "mine",
  KeyH: "hang-up", KeyT: "transfer", KeyP: "park",
  KeyF: "supplier", KeyE: "staff", KeyS: "spam",
  Digit1: "candidate-1", Digit2: "candidate-2", Digit3: "candidate-3",
  Slash: "search", Escape: "dismiss",
};

export function listenForKeys(act) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.repeat) return;
    const field = typingIn(event.target);
    if (field) return keyWhileTyping(event, field, act);
    if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const name = nameOf(event);
    if (name && act(name)) event.preventDefault();
  });
}

function nameOf(event) {
  if (event.key === "?" || (event.code === "Slash" && event.shiftKey)) return "help";
  if (event.key === "/") return "search";
  return event.shiftKey ? null : PLACES[event.code];
}

function typingIn(target) {
  if (!(target instanceof HTMLElement)) return null;
  const field = target.closest("input, textarea, select, [contenteditable]");
  return field && !["checkbox", "radio", "button", "submit"].includes(field.type) ? field : null;
}

function keyWhileTyping(event, field, act) {
  if (event.key === "Escape") {
    field.blur();
    act("leave");
    event.preventDefault();
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && field.form) {
    field.form.requestSubmit();
    event.preventDefault();
  }
}
