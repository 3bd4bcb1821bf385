// Asks the server for the present state: at once after a lone hint, at most every BETWEEN_ASKS in a storm
// of them, now and then without any, more often while the live socket does not stand (yet, or any more).
// One question at a time.

import * as clocks from "./clocks.js";

const ASK_TIMEOUT = 4000;
const BETWEEN_ASKS = 200;
const CALM = 20000;
const WITHOUT_SOCKET = 2000;

export class Asking {
  #address;
  #show;
  #untilItChanges;
  #wentStale;
  #version = "";
  #isAsking = false;
  #askAgain = false;
  #askedAt = -BETWEEN_ASKS;
  #timer = 0;
  #topics;

  // `untilItChanges` tells in how many milliseconds the state changes by the clock alone; with `topics` other
  // hints are none of its business.
  constructor({ address, show, untilItChanges = () => CALM, wentStale = () => {}, topics = null }) {
    this.#topics = topics;
    this.#address = address;
    this.#show = show;
    this.#untilItChanges = untilItChanges;
    this.#wentStale = wentStale;
  }

  start() {
    const ask = () => this.ask();
    document.addEventListener("pitline:hint", ({ detail }) => {
      if (!this.#topics || this.#topics.includes(detail.topic)) ask();
    });
    document.addEventListener("pitline:resync", ask);
    document.addEventListener("pitline:socket", ask);
    document.addEventListener("visibilitychange", () => document.hidden || ask());
    for (const woken of ["pageshow", "focus", "online"]) window.addEventListener(woken, ask);
    ask();
  }

  // The answer will be shown even if the server holds it for unchanged.
  anew() {
    this.#version = "";
    this.ask();
  }

  ask() {
    const early = BETWEEN_ASKS - (performance.now() - this.#askedAt);
    if (this.#isAsking) this.#askAgain = true;
    else if (early > 0) this.#schedule(early);
    else this.#askNow();
  }

  async #askNow() {
    this.#isAsking = true;
    this.#askedAt = performance.now();
    clearTimeout(this.#timer);
    let wait = document.documentElement.hasAttribute("data-live") ? CALM : WITHOUT_SOCKET;
    try {
      const answer = await this.#fetch().catch(() => null);
      this.#wentStale(!answer);
      if (!answer) wait = WITHOUT_SOCKET;
      else if (answer.html !== undefined) {
        this.#show(answer.html);
        this.#version = answer.version;
      }
    } finally {
      this.#isAsking = false;
      this.#schedule(this.#askAgain ? BETWEEN_ASKS : Math.min(wait, this.#untilItChanges()));
      this.#askAgain = false;
    }
  }

  // What the server says; null when it says nothing useful, no `html` when nothing changed.
  async #fetch() {
    const answer = await fetch(this.#address(), {
      headers: { "HX-Request": "true", ...(this.#version && { "If-None-Match": this.#version }) },
      cache: "no-store",
      signal: AbortSignal.timeout(ASK_TIMEOUT),
    });
    if (answer.status === 401 || answer.redirected) location.reload();
    clocks.setServerTime(answer.headers.get("Server-Time") || answer.headers.get("Date"));
    if (answer.status === 304) return {};
    return answer.ok ? { html: await answer.text(), version: answer.headers.get("ETag") || "" } : null;
  }

  #schedule(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.ask(), wait);
  }
}
