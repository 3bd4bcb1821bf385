// Keys of the boards (live calls, queues): the arrows choose a call, a letter does with it what its button of
// that letter does, a digit chooses a colleague in that call's open menu: only one is open at a time. Without a
// choice the first call is meant whose button it is. By the place of the key, as on the desk.

const ROWS = ":is(li, div)[data-call]:has([data-board-keys])";
let chosen = "";
let isWalked = false;

const rows = () => [...document.querySelectorAll(ROWS)];
const current = () => rows().find((row) => row.dataset.call === chosen);

// The server's picture knows nothing of the choice: it is marked anew after each.
function mark() {
  const all = rows();
  const now = current() ?? all[0];
  for (const row of all) {
    row.tabIndex = -1;
    row.classList.toggle("is-current", row === now);
    row.classList.toggle("is-walked", isWalked && row.dataset.call === chosen);
  }
}

function pick(row) {
  chosen = row.dataset.call;
  for (const open of document.querySelectorAll(`${ROWS} details[open]`)) open.open = row.contains(open);
}

function walk(step) {
  const all = rows();
  if (!all.length) return false;
  const at = all.indexOf(current());
  const next = all[Math.min(all.length - 1, Math.max(0, isWalked && at >= 0 ? at + step : 0))];
  pick(next);
  isWalked = true;
  mark();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function press(code) {
  const button = (row) => row.querySelector(`[data-board-key="${code}"]`);
  const row = current() ?? rows().find(button);
  const target = row && button(row);
  if (!target) return false;
  if (isWalked && !current()) return forget();
  pick(row);
  mark();
  target.click();
  if (target.tagName === "SUMMARY") target.parentElement.querySelector("form button")?.focus();
  return true;
}

// The call that was chosen has ended under the hand: the key was meant for it, and for no other.
function forget() {
  chosen = "";
  isWalked = false;
  mark();
  return true;
}

function choose(digit) {
  const menu = current()?.querySelector("details[open] .dial-give");
  const button = menu?.querySelectorAll("button")[digit - 1];
  button?.click();
  return Boolean(button);
}

function shut() {
  const open = document.querySelector(`${ROWS} details[open]`);
  if (!open) return false;
  open.open = false;
  open.closest(ROWS).focus({ preventScroll: true });
  return true;
}

function act({ code }) {
  if (code === "ArrowDown") return walk(1);
  if (code === "ArrowUp") return walk(-1);
  if (code === "Escape") return shut();
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1];
  return digit ? choose(Number(digit)) : press(code);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  if (document.querySelector("dialog[open]")) return;
  if (act(event)) event.preventDefault();
});
// Whoever opens a menu, also by the mouse, has chosen its call.
document.addEventListener(
  "toggle",
  ({ target }) => {
    const row = target.matches?.(`${ROWS} details[open]`) && target.closest(ROWS);
    if (!row) return;
    pick(row);
    isWalked = true;
    mark();
  },
  true,
);
document.addEventListener("pitline:put", mark);
mark();
