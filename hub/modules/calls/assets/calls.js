// Ticks the clocks of calls, moves through the list by keys.

let offset = 0; // the hub's clock minus this machine's

function setClock() {
  const mark = document.querySelector("[data-now]");
  if (mark) offset = Date.parse(mark.dataset.now) - Date.now();
}

function shown(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

function tick() {
  for (const clock of document.querySelectorAll("time[data-since]")) {
    const seconds = (Date.now() + offset - Date.parse(clock.dataset.since)) / 1000;
    clock.textContent = shown(seconds);
    clock.classList.toggle("is-long", seconds > 60 && clock.closest("[aria-labelledby='column-queued']") !== null);
  }
}

// A chosen day makes the period one's own.
for (const field of document.querySelectorAll("[data-custom]")) {
  field.addEventListener("change", () => {
    field.form.elements.period.value = "custom";
  });
}

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const rows = [...document.querySelectorAll("[data-row]")];
    if (!rows.length) return;
    event.preventDefault();
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(rows.length - 1, Math.max(0, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
    return;
  }
  const letter = event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
  const field = document.querySelector(`textarea[data-key="${CSS.escape(letter)}"]`);
  if (field) {
    event.preventDefault();
    field.focus();
  }
});

document.addEventListener("pitline:put", () => {
  setClock();
  tick();
});
setClock();
tick();
setInterval(tick, 1000);
