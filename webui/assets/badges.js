// The numbers at the menu's entries. The page asks once it is shown, at hints of their topics, and now and
// then. Other scripts listen on document to
//   pitline:badge   {path, count, text, level, newest}   what stands there now

const AFTER_HINT = 60;
const BETWEEN = 700;
const CALM = 30000;

const places = [...document.querySelectorAll("[data-badge]")];
const topics = new Set(places.flatMap((place) => place.dataset.topics.split(" ")));
const dot = document.querySelector("[data-badge-any]");
let timer = 0;
let askedAt = -BETWEEN;
let isAsking = false;
let askAgain = false;

function soon() {
  if (isAsking) {
    askAgain = true;
    return;
  }
  clearTimeout(timer);
  timer = setTimeout(ask, Math.max(AFTER_HINT, BETWEEN - (performance.now() - askedAt)));
}

async function ask() {
  isAsking = true;
  askedAt = performance.now();
  try {
    const answer = await fetch("/live/badges", { cache: "no-store", headers: { Accept: "application/json" } });
    if (answer.ok) show((await answer.json()).badges);
  } catch {
    // The network is away: the banner tells it, and a resync follows.
  }
  isAsking = false;
  clearTimeout(timer);
  timer = setTimeout(ask, askAgain ? BETWEEN : CALM);
  askAgain = false;
}

function show(badges) {
  let worst = "";
  for (const place of places) {
    const path = place.dataset.badge;
    const badge = badges[path] ?? { count: 0, text: "", level: "idle", newest: "" };
    put(place, badge);
    if (badge.count && worst !== "problem") worst = badge.level;
    document.dispatchEvent(new CustomEvent("pitline:badge", { detail: { path, ...badge } }));
  }
  if (!dot) return;
  dot.hidden = !["warning", "problem"].includes(worst);
  dot.className = `shell-count-dot is-${worst}`;
}

function put(place, { count, text, level }) {
  place.hidden = !count;
  place.className = `shell-count is-${level}`;
  place.title = text;
  const number = document.createElement("span");
  number.textContent = count > 99 ? "99+" : String(count);
  number.setAttribute("aria-hidden", "true");
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = text || String(count);
  place.replaceChildren(number, words);
}

if (places.length) {
  document.addEventListener("pitline:hint", ({ detail }) => topics.has(detail.topic) && soon());
  document.addEventListener("pitline:resync", soon);
  ask();
}
