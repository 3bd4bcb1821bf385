// The search box: results while typing, arrows walk through them, Enter opens the first.

const WAIT = 200;

export function startFinding(box, results) {
  const finder = box.form.parentElement;
  let timer = 0;
  let asked = 0;

  async function ask() {
    const text = box.value.trim();
    const mine = ++asked;
    if (!text) return void (results.innerHTML = "");
    const address = `${box.dataset.url}?${new URLSearchParams({ q: text })}`;
    const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (mine === asked) results.innerHTML = answer?.ok ? await answer.text() : "";
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  box.form.addEventListener("submit", (event) => {
    event.preventDefault();
    results.querySelector("a, button")?.click();
  });
  document.addEventListener("click", (event) => {
    if (!finder.contains(event.target)) results.innerHTML = "";
  });
  finder.addEventListener("keydown", (event) => {
    if (event.key === "Escape") results.innerHTML = "";
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [box, ...results.querySelectorAll("a, button")];
    const at = stops.indexOf(document.activeElement);
    stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
    event.preventDefault();
  });
}
