// Finds while one types; keys: "/" to the search box, arrows through the rows, and the letters on buttons.

const form = document.querySelector("form[data-live-list]");
let asked = 0;
let timer = 0;

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

async function find() {
  const mine = ++asked;
  const query = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  const address = query.size ? `${form.action}?${query}` : form.action;
  const wanted = new URL(address, location.href);
  wanted.searchParams.set("part", "rows");
  let answer;
  try {
    answer = await fetch(wanted, { headers: { "HX-Request": "true" } });
  } catch {
    return; // the line to the hub is away: the button still works when it is back
  }
  if (!answer.ok || mine !== asked) return;
  document.querySelector(form.dataset.liveList).innerHTML = await answer.text();
  history.replaceState(null, "", address);
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(find, 120);
}

if (form) {
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    find();
  });
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  rows[next].focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const inSearch = form && event.target === form.elements.q;
  if ((inSearch || !typing(event.target)) && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    if (!document.querySelector("[data-row]")) return;
    event.preventDefault();
    step(event.key === "ArrowDown" ? 1 : -1);
    return;
  }
  if (typing(event.target)) return;
  const letter = event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
  const target = document.querySelector(`[data-key="${CSS.escape(letter)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.tagName === "INPUT") target.focus();
  else target.click();
});
