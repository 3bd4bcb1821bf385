// Parts of a page that follow the live hints: what changed is asked for anew, never guessed.
//   <div data-follow="call pbx" data-part="list">   topics; the page itself is asked with ?part=list
//        data-from="/path?part=x"                   another address instead
//        data-only="id"                             hints of this row alone
//        data-quick                                 asked soon, for what people watch
//        data-morph     what stays is not touched: opened menus, the focus
// When a part was put in, `pitline:put` is told on it (it bubbles).

import { morph } from "./morph.js";

const SOON = 400;
const QUICK = 120;

class Followed {
  constructor(place) {
    this.place = place;
    this.topics = place.dataset.follow.split(" ");
    this.wait = 0;
    this.isAsking = false;
    this.isStale = false;
    document.addEventListener("pitline:hint", ({ detail }) => this.heard(detail));
    document.addEventListener("pitline:resync", () => this.soon());
  }

  heard({ topic, id }) {
    const only = this.place.dataset.only;
    if (this.topics.includes(topic) && (!only || only === id)) this.soon();
  }

  // The first hint starts the wait and later ones do not prolong it: a busy hour must not starve the page.
  soon() {
    if (this.wait) return;
    this.wait = setTimeout(() => {
      this.wait = 0;
      this.ask();
    }, this.place.dataset.quick === undefined ? SOON : QUICK);
  }

  get address() {
    if (this.place.dataset.from) return this.place.dataset.from;
    const address = new URL(location.href);
    address.searchParams.set("part", this.place.dataset.part);
    return address;
  }

  async ask() {
    if (this.isAsking) {
      this.isStale = true;
      return;
    }
    this.isAsking = true;
    this.isStale = false;
    try {
      const answer = await fetch(this.address, { headers: { "HX-Request": "true" }, redirect: "error" });
      if (answer.ok) this.put(await answer.text());
    } catch {
      // the line to the hub is away: the shell says so, and a resync follows when it is back
    }
    this.isAsking = false;
    if (this.isStale) this.soon();
  }

  // The place in the page and the keyboard's focus outlive the change.
  put(html) {
    if (this.place.dataset.morph !== undefined) {
      const next = this.place.cloneNode(false);
      next.innerHTML = html;
      morph(this.place, next);
      this.place.dispatchEvent(new CustomEvent("pitline:put", { bubbles: true }));
      return;
    }
    const focused = document.activeElement?.getAttribute("href");
    this.place.innerHTML = html;
    if (focused && document.activeElement === document.body) {
      this.place.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    this.place.dispatchEvent(new CustomEvent("pitline:put", { bubbles: true }));
  }
}

for (const place of document.querySelectorAll("[data-follow][data-part], [data-follow][data-from]")) {
  new Followed(place);
}
