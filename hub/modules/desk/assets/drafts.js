// Text that was typed and not yet saved, by call. It outlives a change of the card, a reload and a
// tab that the browser put to sleep; it never leaves this tab before it is saved.

const PREFIX = "pitline.desk.draft.";

export function callsWithDrafts() {
  return Object.keys(sessionStorage)
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => key.slice(PREFIX.length));
}

export function keep(field) {
  const key = PREFIX + field.dataset.draft;
  if (field.value.trim()) sessionStorage.setItem(key, field.value);
  else sessionStorage.removeItem(key);
}

export function forget(call) {
  sessionStorage.removeItem(PREFIX + call);
}

// A call became a part of another one: what was typed on its card goes on there.
export function move(call, into) {
  const texts = [into, call].map((one) => sessionStorage.getItem(PREFIX + one)).filter(Boolean);
  if (texts.length) sessionStorage.setItem(PREFIX + into, [...new Set(texts)].join("\n"));
  forget(call);
}

// A note box that has just appeared gets back what was typed into it before.
export function restore(root) {
  for (const field of root.querySelectorAll("[data-draft]")) {
    const text = sessionStorage.getItem(PREFIX + field.dataset.draft);
    if (text && !field.value) field.value = text;
  }
}
