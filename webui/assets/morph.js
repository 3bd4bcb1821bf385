// Turns one piece of the page into another with as little as possible touched: elements that stay
// keep their focus, their typed text, their scroll. Elements with an id are matched by it.
// `data-own` on an element: what is inside belongs to scripts and is left alone.

export function morph(from, to) {
  const focused = document.activeElement;
  const selection = focused && "selectionStart" in focused ? textSelection(focused) : null;
  morphElement(from, to);
  if (focused && focused !== document.activeElement && focused.isConnected) {
    focused.focus({ preventScroll: true });
    if (selection) focused.setSelectionRange(...selection);
  }
}

function textSelection(field) {
  try {
    return field.selectionStart === null ? null : [field.selectionStart, field.selectionEnd];
  } catch {
    return null;
  }
}

function morphElement(from, to) {
  syncAttributes(from, to);
  if (from.hasAttribute("data-own") || from.tagName === "TEXTAREA") return;
  morphChildren(from, to);
}

// What the person did to an element is theirs: an opened <details>, a typed value.
const THEIRS = new Set(["open"]);

function syncAttributes(from, to) {
  for (const { name, value } of [...to.attributes]) {
    if (!THEIRS.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  for (const { name } of [...from.attributes]) {
    if (!THEIRS.has(name) && !to.hasAttribute(name)) from.removeAttribute(name);
  }
}

function morphChildren(from, to) {
  const coming = new Set([...to.children].map((child) => child.id).filter(Boolean));
  const known = new Map([...from.children].filter((c) => c.id).map((child) => [child.id, child]));
  let here = from.firstChild;
  for (const next of [...to.childNodes]) {
    while (here && isLeaving(here, coming)) here = dropped(here);
    const match = counterpart(next, here, known);
    if (!match) {
      from.insertBefore(next, here);
      continue;
    }
    if (match === here) here = here.nextSibling;
    else from.insertBefore(match, here);
    if (match.nodeType === Node.ELEMENT_NODE) morphElement(match, next);
    else if (match.data !== next.data) match.data = next.data;
  }
  while (here) here = dropped(here);
}

function isLeaving(node, coming) {
  return node.nodeType === Node.ELEMENT_NODE && node.id && !coming.has(node.id);
}

function dropped(node) {
  const next = node.nextSibling;
  node.remove();
  return next;
}

function counterpart(next, here, known) {
  if (next.id) {
    const match = known.get(next.id);
    return match && match.tagName === next.tagName ? match : null;
  }
  if (!here || here.id || here.nodeType !== next.nodeType) return null;
  return here.nodeType !== Node.ELEMENT_NODE || here.tagName === next.tagName ? here : null;
}
