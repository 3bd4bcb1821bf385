// The live connection. It says *that* something changed; pages ask what. They listen on document to
//   pitline:hint    {topic, id, rev}   something changed
//   pitline:resync                     anything may have changed: ask for everything anew
//   pitline:socket  {up, since}        whether the connection stands
// and who comes later reads it off the root element, which has the attribute data-live while it stands.
// After a reconnect, an overflow or a sleep of the tab a resync follows, so a late tab heals itself.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10000;
const PING_EVERY = 20000;
const PONG_WITHIN = 5000;
const SHOW_LOSS_AFTER = 2500;
const SIGNED_OUT = 4401;
const RIGHTS_CHANGED = 4409;

let socket = null;
let wait = FIRST_WAIT;
let retry = 0;
let pinger = 0;
let deadline = 0;
let lossTimer = 0;
let wasUp = false;
let isLeaving = false;

const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
function tellWhether(up) {
  document.documentElement.toggleAttribute("data-live", up);
  tell("pitline:socket", { up, since: new Date().toISOString() });
}
const banner = document.getElementById("banner-live");
const pbxBanner = document.getElementById("banner-pbx");

function connect() {
  clearTimeout(retry);
  if (socket && socket.readyState <= WebSocket.OPEN) return;
  const address = new URL("/live", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const mine = new WebSocket(address);
  socket = mine;
  mine.addEventListener("open", () => mine === socket && opened());
  mine.addEventListener("message", (event) => mine === socket && heard(event.data));
  mine.addEventListener("close", (event) => mine === socket && closed(event.code));
}

function opened() {
  wait = FIRST_WAIT;
  clearTimeout(lossTimer);
  if (banner) banner.hidden = true;
  clearInterval(pinger);
  pinger = setInterval(ping, PING_EVERY);
  tellWhether(true);
  // Also at the first time: something may have changed between the page's rendering and now.
  tell("pitline:resync", {});
  askForBanner();
  wasUp = true;
}

function heard(text) {
  clearTimeout(deadline);
  let hint;
  try {
    hint = JSON.parse(text);
  } catch {
    return;
  }
  if (hint.topic === "pong") return;
  if (hint.topic === "resync") tell("pitline:resync", {});
  else tell("pitline:hint", hint);
  if (hint.topic === "pbx" || hint.topic === "resync") askForBanner();
}

function closed(code) {
  clearInterval(pinger);
  clearTimeout(deadline);
  socket = null;
  if (isLeaving) return;
  if (code === SIGNED_OUT) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  tellWhether(false);
  clearTimeout(lossTimer);
  lossTimer = setTimeout(showLoss, SHOW_LOSS_AFTER);
  if (code === RIGHTS_CHANGED) wait = FIRST_WAIT;
  retry = setTimeout(connect, wait * (0.5 + Math.random()));
  wait = Math.min(wait * 2, LONGEST_WAIT);
  if (!wasUp) checkSignedIn();
  wasUp = false;
}

function showLoss() {
  if (banner && socket?.readyState !== WebSocket.OPEN) banner.hidden = false;
}

function ping() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send("ping");
  clearTimeout(deadline);
  const asked = socket;
  deadline = setTimeout(() => {
    // Nobody answers: the line is dead although nothing was closed. A close would wait for the other side.
    if (asked !== socket) return;
    asked.close();
    closed(1006);
  }, PONG_WITHIN);
}

// The handshake was refused: signed out, or only unreachable?
async function checkSignedIn() {
  const answer = await fetch("/live/state", { cache: "no-store" }).catch(() => null);
  if (answer?.status === 401) closed(SIGNED_OUT);
}

async function askForBanner() {
  const answer = await fetch("/live/state", { cache: "no-store" }).catch(() => null);
  if (!answer?.ok || !pbxBanner) return;
  const said = await answer.json();
  if (pbxBanner.innerHTML.trim() !== said.banner.trim()) pbxBanner.innerHTML = said.banner;
}

function wake() {
  if (document.visibilityState === "hidden") return;
  wait = FIRST_WAIT;
  if (socket?.readyState === WebSocket.OPEN) {
    ping();
    tell("pitline:resync", {});
  } else connect();
}

document.addEventListener("visibilitychange", wake);
addEventListener("pageshow", (event) => {
  isLeaving = false;
  if (event.persisted) wake();
});
addEventListener("pagehide", () => {
  isLeaving = true;
  socket?.close();
});
addEventListener("online", wake);
connect();
