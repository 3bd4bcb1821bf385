// The search box: results while typing, arrows walk through them, Enter opens.

const WAIT = 120;

export function startSearch(box, results) {
  const finder = box.form.parentElement;
  let timer = 0;
  let asked = 0;

  async function ask() {
    const text = box.value.trim();
    const mine = ++asked;
    if (!text) return show("");
    const query = new URLSearchParams({ q: text, call: openCall() });
    const answer = await fetch(`${box.dataset.url}?${query}`, { headers: { "HX-Request": "true" } });
    if (mine === asked) show(answer.ok ? await answer.text() : "");
  }

  function show(html) {
    results.innerHTML = html;
    results.hidden = !html;
    box.setAttribute("aria-expanded", String(Boolean(html)));
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  box.addEventListener("focus", () => results.childElementCount && (results.hidden = false));
  box.form.addEventListener("submit", (event) => {
    event.preventDefault();
    results.querySelector("a")?.click();
  });
  document.addEventListener("click", (event) => {
    if (!finder.contains(event.target)) results.hidden = true;
  });
  finder.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      results.hidden = true;
      if (event.target !== box) box.focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [box, ...results.querySelectorAll("a, button")];
    const at = stops.indexOf(document.activeElement);
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
    event.preventDefault();
  });
  return { clear: () => ((box.value = ""), show("")) };
}

function openCall() {
  return document.querySelector("[data-card]")?.dataset.card ?? "";
}
