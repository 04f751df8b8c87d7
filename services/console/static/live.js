"use strict";
/* Parts of a page that show how something goes on: <div id data-live hx-get hx-trigger="direct" hx-target hx-swap="innerHTML">. In it stands
   data-again="milliseconds" as long as there is more to come, and data-say: what somebody is told who does not see the page.
   A page that nobody looks at asks nothing, and whoever reads can let it rest. */
(() => {
  let rests = false;
  const last = new WeakMap();
  const asked = new WeakMap();
  const wait = (part) => Number(part.querySelector("[data-again]")?.dataset.again || 0);

  const tick = () => {
    if (rests || document.hidden) return;
    document.querySelectorAll("[data-live]").forEach((part) => {
      const pause = wait(part);
      if (pause && Date.now() - (asked.get(part) || start) >= pause) {
        asked.set(part, Date.now());
        htmx.trigger(part, "direct");
      }
    });
  };
  const start = Date.now();

  const say = (part) => {
    const text = part.querySelector("[data-say]")?.dataset.say || "";
    const place = document.getElementById("direct-dit");
    if (text && text !== last.get(part)) {
      if (last.has(part)) place.textContent = text;
      last.set(part, text);
    }
  };

  /* What did not change is not replaced: nothing flickers, and what is marked stays marked. */
  const shown = new WeakMap();
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (!part.matches("[data-live]") || event.detail.xhr.status !== 200) return;
    const text = event.detail.serverResponse.replace(/name="jeton\w*" value="[^"]*"/g, "");
    if (shown.get(part) === text) event.detail.shouldSwap = false;
    shown.set(part, text);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.matches("[data-live]")) say(event.detail.target);
    buttons();
  });

  const toggle = () => {
    rests = !rests;
    buttons();
  };
  const buttons = () => document.querySelectorAll("[data-rest]").forEach((button) => {
    button.hidden = ![...document.querySelectorAll("[data-live]")].some(wait);
    button.setAttribute("aria-pressed", String(rests));
  });

  const begin = () => {
    document.querySelectorAll("[data-live]").forEach(say);
    document.addEventListener("click", (event) => { if (event.target.closest("[data-rest]")) toggle(); });
    document.addEventListener("intergestan:rest", toggle);
    buttons();
    setInterval(tick, 250);
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();
