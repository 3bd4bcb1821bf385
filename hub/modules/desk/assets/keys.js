// Keys of the desk. They go by the place of the key (`event.code`), so that they are the same under
// a Ukrainian, a Russian and a Latin layout; none of them acts while somebody types.

const PLACES = {
  KeyN: "note", KeyC: "create", KeyW: "next", KeyO: "open", KeyM: "mine", KeyB: "away",
  KeyH: "hang-up", KeyT: "transfer", KeyP: "park",
  KeyK: "pause-recording", KeyX: "erase-recording", KeyY: "spoken",
  KeyF: "supplier", KeyE: "staff", KeyS: "spam",
  Slash: "search", Escape: "dismiss",
};

// The first of two keys: the digit after it chooses within that row of the card.
const LEADERS = { KeyR: "result", KeyG: "tag", KeyA: "later" };
const LED_FOR = 4000;
let led = "";
let timer = 0;

function lead(name) {
  led = name;
  clearTimeout(timer);
  if (name) timer = setTimeout(() => lead(""), LED_FOR);
  for (const row of document.querySelectorAll("[data-card] [data-leader]")) {
    row.classList.toggle("is-led", row.dataset.leader === name);
  }
}

export function listenForKeys(act) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.repeat) return;
    const field = typingIn(event.target);
    if (field) return keyWhileTyping(event, field, act);
    if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.code !== "Escape" && led && /^Digit[1-9]$/.test(event.code)) {
      const chosen = `${led}-${event.code.at(-1)}`;
      lead("");
      return void (act(chosen) && event.preventDefault());
    }
    const leader = event.shiftKey ? undefined : LEADERS[event.code];
    if (leader && document.querySelector(`[data-card] [data-leader="${leader}"]`)) {
      event.preventDefault();
      return lead(leader);
    }
    const wasLed = led;
    lead("");
    if (wasLed && event.code === "Escape") return event.preventDefault();
    const digit = event.shiftKey ? null : /^Digit([1-9])$/.exec(event.code)?.[1];
    if (digit && (act(`candidate-${digit}`) || act(`answer-${digit}`))) return event.preventDefault();
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
