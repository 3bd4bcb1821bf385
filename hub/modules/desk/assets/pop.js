// On every page that is not the desk: who rings, in a corner, with the way to the card. As on the desk,
// a hint says that something changed and the page asks; nothing is stored here.

import * as callerSign from "./caller_sign.js";
import { Asking } from "../webui/asking.js";
import * as clocks from "../webui/clocks.js";
import { morph } from "../webui/morph.js";
import { startPosting } from "../webui/posting.js";
import * as signals from "./signals.js";

function start() {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("./pop.css", import.meta.url).href;
  document.head.append(style);

  const corner = document.createElement("aside");
  corner.id = "desk-pop";
  const state = document.createElement("div");
  state.id = "desk-pop-state";
  const announcer = document.createElement("p");
  announcer.className = "visually-hidden";
  announcer.setAttribute("role", "status");
  announcer.setAttribute("aria-live", "polite");
  corner.append(announcer, state);
  document.body.append(corner);

  const asking = new Asking({
    address: () => "/desk/pop",
    show(html) {
      const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("desk-pop-state");
      if (!fresh) return;
      morph(document.getElementById("desk-pop-state"), fresh);
      clocks.tick(corner);
      callerSign.showCaller(document.getElementById("desk-pop-state"), announcer);
      signals.tell(document.getElementById("desk-pop-state"));
    },
  });
  startPosting(corner, { posted: () => asking.anew() });
  setInterval(() => clocks.tick(corner), 500);
  asking.start();
}

if (!document.getElementById("desk")) start();
