// The log follows the live hints: what changed is asked for anew.

const log = document.getElementById("hook-log");
let isAsking = false;
let isStale = false;

async function ask() {
  if (isAsking) {
    isStale = true;
    return;
  }
  isAsking = true;
  isStale = false;
  const address = new URL(location.href);
  address.searchParams.set("part", log.dataset.part);
  try {
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "error" });
    if (answer.ok) log.innerHTML = await answer.text();
  } catch {
    // the line to the hub is away: the shell says so, and a resync follows when it is back
  }
  isAsking = false;
  if (isStale) setTimeout(ask, 300);
}

if (log.dataset.part) {
  document.addEventListener("pitline:hint", ({ detail }) => {
    if (detail.topic === "webhook" && detail.id === log.dataset.endpoint) ask();
  });
  document.addEventListener("pitline:resync", ask);
}
