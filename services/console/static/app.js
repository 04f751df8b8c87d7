"use strict";
/* What pages do beyond plain links and forms. Nothing here is needed to work with them. */
(() => {
  const byId = (id) => document.getElementById(id);
  const shortcuts = () => document.body.dataset.shortcuts === "yes";

  /* A session that ended: the dialog lies over the page, which keeps what was typed. */
  document.addEventListener("htmx:afterSwap", (event) => {
    const frame = byId("fenetre");
    if (event.detail.target.id === "dialogue" && event.detail.target.childElementCount && !frame.open) {
      frame.showModal();
    }
    const fault = event.detail.target.querySelector("[data-focus]");
    if (fault) fault.focus();
  });
  document.addEventListener("intergestan:entered", (event) => {
    document.querySelectorAll("input[name=jeton]").forEach((field) => { field.value = event.detail.token; });
    byId("dialogue").replaceChildren();
    byId("fenetre").close();
  });

  const start = () => {
    const fault = document.querySelector("[data-focus]");
    if (fault) fault.focus();
    /* The code of a link is behind its #, which no server and no log sees. */
    const code = document.querySelector("[data-from-link]");
    if (code && location.hash.length > 1) {
      code.value = decodeURIComponent(location.hash.slice(1));
      history.replaceState(null, "", location.pathname);
    }
    document.querySelectorAll("[data-opens]").forEach((button) => {
      const dialog = byId(button.dataset.opens);
      if (!dialog) return;
      button.hidden = false;
      button.addEventListener("click", () => dialog.showModal());
    });
  };

  const rows = () => [...document.querySelectorAll("[data-rows] tbody tr")];
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.classList.contains("here"));
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))];
    all.forEach((row) => row.classList.toggle("here", row === next));
    const link = next.querySelector("a");
    if (link) link.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  let prefix = "";
  const keys = {
    "?": () => { const dialog = byId("raccourcis"); if (dialog) dialog.showModal(); },
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    f: () => { const field = document.querySelector(".filters input:not([type=hidden])"); if (field) field.focus(); },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (!shortcuts() || typing || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.key.startsWith("Arrow") && !document.querySelector("[data-rows] .here")) return;
    if (prefix === "g") {
      prefix = "";
      const link = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
      if (link) { event.preventDefault(); link.click(); }
    } else if (event.key === "g") {
      prefix = "g";
      setTimeout(() => { prefix = ""; }, 1500);
    } else if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
