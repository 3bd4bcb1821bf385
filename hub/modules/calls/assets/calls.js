// Follows the live hints: a part of the page is asked for anew, never guessed. Ticks the clocks.

const followed = document.querySelector("[data-follow][data-part]");
let offset = 0; // the hub's clock minus this machine's
let wait = 0;
let isAsking = false;
let isStale = false;

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

async function ask() {
  if (isAsking) {
    isStale = true;
    return;
  }
  isAsking = true;
  isStale = false;
  const address = new URL(location.href);
  address.searchParams.set("part", followed.dataset.part);
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "error" });
    if (answer.ok) {
      put(await answer.text());
      setClock();
      tick();
    }
  } catch {
    // the line to the hub is away: the shell says so, and a resync follows when it is back
  }
  isAsking = false;
  if (isStale) soon();
}

// The place in the page and the keyboard's focus outlive the change.
function put(html) {
  const focused = document.activeElement?.getAttribute("href");
  followed.innerHTML = html;
  if (focused && document.activeElement === document.body) {
    followed.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}

// The first hint starts the wait and later ones do not prolong it: a busy hour must not starve the page.
function soon() {
  if (wait) return;
  wait = setTimeout(() => {
    wait = 0;
    ask();
  }, followed.dataset.quick === undefined ? 400 : 120);
}

if (followed) {
  const topics = followed.dataset.follow.split(" ");
  document.addEventListener("pitline:hint", (event) => {
    const { topic, id } = event.detail;
    if (!topics.includes(topic)) return;
    if (topic === "call" && followed.dataset.only && followed.dataset.only !== id) return;
    soon();
  });
  document.addEventListener("pitline:resync", soon);
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

setClock();
tick();
setInterval(tick, 1000);
