// Keys of the desk. They go by the place of the key (`event.code`), so that they are the same under
// a Ukrainian, a Russian and a Latin layout; none of them acts while somebody types.

const PLACES = {
  KeyN: "note", KeyC: "create", KeyW: "next", KeyO: "open", KeyM: "mine", KeyB: "away",
  KeyH: "hang-up", KeyT: "transfer", KeyP: "park",
  KeyK: "pause-recording", KeyX: "erase-recording", KeyY: "spoken",
  KeyF: "supplier", KeyE: "staff", KeyS: "spam",
  KeyQ: "ask-first", KeyD: "hand-over", KeyV: "take-back",
  Slash: "search", Escape: "dismiss",
};

// The first of two keys: the digit after it chooses within that row of the card, or in that menu. A menu is
// open as long as it leads, so that no digit that is meant for it goes anywhere else. Rows are known by whose
// they are: when another call's card takes the place under the finger, its row of that name was not chosen.
const LEADERS = {
  KeyR: "result", KeyG: "tag", KeyA: "later",
  KeyL: "listen", KeyI: "whisper", KeyJ: "barge", KeyZ: "pause", KeyD: "give",
};
const LED_FOR = 4000;
const ledBy = (row) => row.dataset.leader.split(" ");
const whose = (row) => row.id || `${row.closest("[data-card]")?.dataset.card} ${row.dataset.leader}`;
const isOpen = (row) => row.tagName !== "DETAILS" || row.open;
let led = "";
let chosen = new Set();
let timer = 0;

function lead(name) {
  led = name;
  chosen = new Set();
  clearTimeout(timer);
  let isMenu = false;
  for (const row of document.querySelectorAll("[data-leader]")) {
    const isLed = ledBy(row).includes(name);
    if (isLed) chosen.add(whose(row));
    if (row.tagName !== "DETAILS") {
      row.classList.toggle("is-led", isLed);
      continue;
    }
    row.open = isLed;
    isMenu ||= isLed;
  }
  if (name && !isMenu) timer = setTimeout(() => lead(""), LED_FOR);
}

function ledRow() {
  const rows = [...document.querySelectorAll(`[data-leader~="${led}"]`)];
  return rows.find((row) => chosen.has(whose(row)) && isOpen(row));
}

// A menu that was opened or shut by the mouse.
function toggled({ target }) {
  if (!target.matches?.("details[data-leader]")) return;
  const names = ledBy(target);
  if (target.open && !names.includes(led)) lead(names[0]);
  else if (!target.open && names.includes(led)) lead("");
}

export function listenForKeys(act) {
  document.addEventListener("toggle", toggled, true);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.repeat) return;
    const field = typingIn(event.target);
    if (field) return keyWhileTyping(event, field, act);
    if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (led && /^Digit[1-9]$/.test(event.code)) {
      event.preventDefault();
      const row = ledRow(); // gone: the digit is nobody's
      if (!row || act(`${led}-${event.code.at(-1)}`, row)) lead("");
      return;
    }
    const leader = event.shiftKey ? undefined : LEADERS[event.code];
    if (leader && document.querySelector(`[data-leader~="${leader}"]`)) {
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
