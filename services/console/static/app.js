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

  document.addEventListener("htmx:sendError", (event) => {
    const alerts = byId("alertes");
    if (!event.detail.elt.matches("[data-live]")) alerts.textContent = alerts.dataset.away;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!event.detail.elt.matches("[data-live]")) byId("alertes").replaceChildren();
  });

  const start = () => {
    counted();
    const fault = document.querySelector("[data-focus]");
    if (fault) fault.focus();
    /* The code of a link is behind its #, which no server and no log sees. */
    const code = document.querySelector("[data-from-link]");
    if (code && location.hash.length > 1) {
      code.value = decodeURIComponent(location.hash.slice(1));
      history.replaceState(null, "", location.pathname);
    }
    /* A site that was made a moment ago: its console answers in some seconds, and until then nobody or with 503. */
    const waits = document.querySelector("[data-waits]");
    const look = () => fetch(waits.dataset.waits, { cache: "no-store", redirect: "manual" })
      .then((answer) => { if (answer.status === 503) throw answer; location.assign(waits.dataset.waits); })
      .catch(() => setTimeout(look, 500));
    if (waits) look();
    uncover();
    document.querySelectorAll("[data-opens]").forEach((button) => {
      const dialog = byId(button.dataset.opens);
      if (!dialog) return;
      button.hidden = false;
      button.addEventListener("click", () => dialog.showModal());
    });
  };

  /* A choice that says all by itself. */
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
  });

  /* The menu of a row or a field: by its button, by the right button of the mouse, by Shift+F10. */
  const opened = () => document.querySelector("details.menu-of[open]");
  const open = (menu) => {
    menu.open = true;
    const first = menu.querySelector("a, button");
    if (first) first.focus();
  };
  const shut = () => {
    const menu = opened();
    if (!menu) return false;
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  };
  document.addEventListener("contextmenu", (event) => {
    const place = event.target.closest("[data-menu]");
    const menu = place && byId(place.dataset.menu);
    if (!menu || event.target.closest("details.menu-of")) return;
    event.preventDefault();
    open(menu);
  });
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches("details.menu-of") || !event.target.open) return;
    document.querySelectorAll("details.menu-of[open]").forEach((menu) => { if (menu !== event.target) menu.open = false; });
  }, true);
  document.addEventListener("click", (event) => {
    const menu = opened();
    if (menu && !menu.contains(event.target)) menu.open = false;
    /* A password is seen as long as its button is pressed. */
    const button = event.target.closest("[data-shows]");
    if (!button) return;
    const field = byId(button.dataset.shows), seen = field.type === "password";
    field.type = seen ? "text" : "password";
    button.setAttribute("aria-pressed", String(seen));
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && shut()) event.preventDefault(); });
  /* Arrows walk through the main menu: sideways its words, downwards what stands under one. */
  const walk = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  document.addEventListener("keydown", (event) => {
    const bar = event.target.closest("[data-words]");
    const by = walk[event.key];
    if (!bar || !by || event.ctrlKey || event.altKey || event.metaKey) return;
    const words = [...bar.querySelectorAll(":scope > ul > li")];
    const at = event.target.closest("[data-words] > ul > li");
    const under = at.querySelector("details");
    const down = event.key === "ArrowUp" || event.key === "ArrowDown";
    if (down && !under) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (down) {
      const links = [...under.querySelectorAll("a")];
      under.open = true;
      const from = links.indexOf(event.target);
      links.at(from < 0 && by < 0 ? -1 : (from + by) % links.length).focus();
    } else {
      if (under) under.open = false;
      words[(words.indexOf(at) + by + words.length) % words.length].querySelector("summary, a").focus();
    }
  });
  const uncover = () => document.querySelectorAll("[data-shows]").forEach((button) => { button.hidden = false; });
  document.addEventListener("htmx:afterSwap", uncover);

  /* Ticks: all of the page, one, and a range from the one before. What they come to is counted by the server. */
  const boxes = () => [...document.querySelectorAll("[data-rows] input[type=checkbox][name]")];
  const counted = () => { const all = document.querySelector("[data-all]"); if (all) { all.hidden = false; state(all); } };
  const state = (all) => {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && ticked < boxes().length;
  };
  const tell = (box) => { box.dispatchEvent(new Event("change", { bubbles: true })); };
  const tickAll = (ticked) => {
    boxes().forEach((box) => { box.checked = ticked; });
    if (boxes().length) tell(boxes()[0]);
  };
  let before = null;
  const range = (box) => {
    const all = boxes();
    const [from, to] = [all.indexOf(before), all.indexOf(box)].sort((a, b) => a - b);
    if (from < 0) return;
    all.slice(from, to + 1).forEach((each) => { each.checked = box.checked; });
    tell(box);
  };
  document.addEventListener("click", (event) => {
    const box = event.target;
    if (!box.matches("[data-rows] input[type=checkbox]")) return;
    if (box.matches("[data-all]")) { tickAll(box.checked); return; }
    if (event.shiftKey && before) range(box);
    before = box;
  });
  document.addEventListener("change", counted);
  document.addEventListener("htmx:afterSwap", counted);
  const tick = (event) => {
    const box = document.querySelector("[data-rows] .here input[type=checkbox]");
    if (!box) return;
    box.checked = !box.checked;
    if (event.shiftKey && before) range(box); else tell(box);
    before = box;
  };
  /* A row that is pointed at has its own button for a key; else it is the page's. */
  const press = (key) => {
    const wanted = `[data-does="${key}"]:not([disabled])`, row = document.querySelector("[data-rows] .here");
    const button = (row && row.querySelector(wanted)) || document.querySelector(`:not(td) > ${wanted}`);
    if (button) button.click();
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

  /* A form with lines: Enter goes down its column and makes a line at the end, Alt+Delete takes one out, Ctrl+Enter saves. */
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("[data-lines] input");
    const form = event.target.closest("form.entry");
    if (!form) return;
    if (event.key === "Enter" && event.ctrlKey) {
      event.preventDefault();
      form.querySelector("[data-saves]").click();
    } else if (field && event.key === "Enter") {
      event.preventDefault();
      const below = byId(field.id.replace(/^l(\d+)_/, (_all, n) => `l${Number(n) + 1}_`));
      if (below) below.focus(); else form.querySelector("[data-does='+']").click();
    } else if (field && event.key === "=" && field.inputMode === "decimal" && form.querySelector("[data-fills]")) {
      /* What is missing stands in this line then. */
      event.preventDefault();
      const fills = form.querySelector("[data-fills]");
      fills.value = `reste-${field.id.match(/^l(\d+)_/)[1]}`;
      fills.click();
    } else if (field && event.key === "Delete" && event.altKey) {
      event.preventDefault();
      field.closest("fieldset").querySelector(".out button").click();
    }
  });
  /* Choosing depots: arrows go to the depot above or below, = takes all that is there, Space changes the way of the goods. */
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("[data-shares] input:not([type=hidden]), [data-shares] select");
    if (!field || event.ctrlKey || event.altKey || event.metaKey) return;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const fields = [...field.closest("form").querySelectorAll(`[data-shares] ${field.matches("select") ? "select" : "input:not([type=hidden])"}`)];
    if (by) (fields[fields.indexOf(field) + by] || field).focus();
    else if (event.key === "=" && field.dataset.most) { field.value = field.dataset.most; tell(field); }
    else if (event.key === " " && field.matches("[data-ways]")) { field.selectedIndex = 1 - field.selectedIndex; tell(field); }
    else return;
    event.preventDefault();
  });
  /* `=` gives the field what is left to settle; the server counts it. */
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("[data-fills] input:not([type=hidden])");
    const button = field && event.key === "=" && field.parentElement.querySelector("[data-rest]");
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  /* Rows of a spreadsheet that are pasted into a line become lines. */
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
    const into = document.querySelector("[data-pasted]");
    if (!into || !event.target.matches("[data-lines] .produit input") || !/[\t\n]/.test(text.trim())) return;
    event.preventDefault();
    into.value = text;
    byId("coller").click();
  });
  /* What is typed and not saved is not left without a question. */
  let unsaved = false;
  document.addEventListener("input", (event) => { if (event.target.closest("form[data-guards]")) unsaved = true; });
  document.addEventListener("submit", (event) => { if (event.target.matches("form[data-guards]") && !event.defaultPrevented) unsaved = false; });
  document.addEventListener("htmx:beforeOnLoad", (event) => { if (event.detail.xhr.getResponseHeader("HX-Redirect")) unsaved = false; });
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });

  let prefix = "";
  const keys = {
    "?": () => { const dialog = byId("raccourcis"); if (dialog) dialog.showModal(); },
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    x: tick,
    X: tick,
    "*": () => tickAll(!boxes().every((box) => box.checked)),
    e: () => press("e"),
    v: () => press("v"),
    n: () => press("n"),
    i: () => press("i"),
    b: () => press("b"),
    m: () => press("m"),
    s: () => press("s"),
    p: () => press("p"),
    h: () => press("h"),
    d: () => document.dispatchEvent(new Event("intergestan:rest")),
    "/": () => { const field = byId("chercher"); if (field) field.focus(); },
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
      keys[event.key](event);
    }
  });

  /* F3 opens the choice of a place, as it did in the program that people know; the browser's own search has Ctrl+F. */
  document.addEventListener("keydown", (event) => {
    const link = document.querySelector("[data-position]");
    if (event.key !== "F3" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!link || !shortcuts() || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    link.click();
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();

/* A field that wants a third party (ARIA 1.2 combobox): what is typed is looked up, and an older answer never replaces a newer one. */
(() => {
  const DELAY = 150;
  const boxes = () => document.querySelectorAll("input[data-combo]");
  const parts = new WeakMap();

  const dress = () => boxes().forEach((field) => {
    if (parts.has(field)) return;
    const list = document.createElement("ul"), said = document.createElement("span");
    list.id = `${field.id}-choix`;
    list.className = "choices";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", field.labels[0] ? field.labels[0].textContent : "");
    said.className = "unseen";
    said.setAttribute("role", "status");
    field.after(list, said);
    const given = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, autocomplete: "off" };
    Object.entries(given).forEach(([name, value]) => field.setAttribute(name, value));
    parts.set(field, { list, said, asked: 0, shown: 0, at: -1, timer: 0 });
  });
  const options = (part) => [...part.list.querySelectorAll("[role=option]")];
  const show = (field, open) => {
    const part = parts.get(field);
    part.list.hidden = !open;
    field.setAttribute("aria-expanded", String(open));
    mark(field, -1);
  };
  const mark = (field, at) => {
    const part = parts.get(field), all = options(part);
    all.forEach((each, n) => each.setAttribute("aria-selected", String(n === at)));
    part.at = at;
    if (at < 0) { field.removeAttribute("aria-activedescendant"); return; }
    field.setAttribute("aria-activedescendant", all[at].id);
    all[at].scrollIntoView({ block: "nearest" });
  };
  const look = async (field) => {
    const part = parts.get(field), number = ++part.asked, typed = field.value.trim();
    if (!typed) { part.shown = number; show(field, false); return; }
    const address = field.dataset.combo + (field.dataset.combo.includes("?") ? "&" : "?") + new URLSearchParams({ q: typed });
    const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const text = await answer.text();
    if (number < part.shown) return;
    part.shown = number;
    part.list.innerHTML = text;
    options(part).forEach((each, n) => { each.id = `${part.list.id}-${n}`; });
    part.said.textContent = String(options(part).length);
    show(field, document.activeElement === field);
  };
  const choose = (field, option) => {
    const part = parts.get(field);
    clearTimeout(part.timer);
    part.shown = ++part.asked; /* what is under way comes too late */
    field.value = option.dataset.value;
    show(field, false);
    part.said.textContent = option.textContent;
    const name = field.dataset.names && document.getElementById(field.dataset.names);
    if (name) name.textContent = option.dataset.name;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  };

  document.addEventListener("input", (event) => {
    const field = event.target, part = parts.get(field);
    if (!part) return;
    const name = field.dataset.names && document.getElementById(field.dataset.names);
    if (name) name.textContent = "";
    clearTimeout(part.timer);
    part.timer = setTimeout(() => look(field), DELAY);
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target, part = parts.get(field), last = part ? options(part).length - 1 : -1;
    if (!part || part.list.hidden && event.key !== "ArrowDown") return;
    const to = { ArrowDown: Math.min(part.at + 1, last), ArrowUp: Math.max(part.at - 1, 0), Home: 0, End: last }[event.key];
    if (event.key === "Escape") show(field, false);
    else if (event.key === "Enter" && part.at >= 0) choose(field, options(part)[part.at]);
    else if (to === undefined || last < 0 || (event.key === "Home" || event.key === "End") && part.at < 0) return;
    else { if (part.list.hidden) show(field, true); mark(field, Math.max(to, 0)); }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  document.addEventListener("pointerdown", (event) => {
    const option = event.target.closest(".choices [role=option]");
    if (!option) return;
    event.preventDefault();
    choose([...boxes()].find((field) => parts.get(field)?.list.contains(option)), option);
  });
  document.addEventListener("focusout", (event) => { if (parts.has(event.target)) show(event.target, false); });
  document.addEventListener("htmx:afterSwap", dress);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", dress); else dress();
})();

/* An ordered list: its buttons move a row, Alt+arrows press them, and a row that is dragged stays where it is dropped. */
(() => {
  const row = (event) => event.target.closest("[data-ordered] li");
  let dragged = null;
  document.addEventListener("keydown", (event) => {
    const way = event.altKey && { ArrowUp: "haut", ArrowDown: "bas" }[event.key];
    const button = way && row(event)?.querySelector(`[data-moves=${way}]`);
    if (!button) return;
    event.preventDefault();
    button.click();
  });
  document.addEventListener("dragstart", (event) => { dragged = row(event); });
  document.addEventListener("dragover", (event) => { if (dragged && row(event)?.parentElement === dragged.parentElement) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    const onto = row(event), list = onto && onto.parentElement;
    if (!dragged || !onto || list !== dragged.parentElement) return;
    event.preventDefault();
    const all = [...list.children];
    if (all.indexOf(dragged) < all.indexOf(onto)) onto.after(dragged); else onto.before(dragged);
    list.closest("fieldset").querySelector("input[type=hidden]").value = [...list.children].map((each) => each.dataset.value).join(",");
    list.closest("form").querySelector("[data-reorders]").click();
  });
})();

/* Scans: the field is empty again at once; what is read meanwhile waits its turn and is counted together, and none is sent
   twice: a batch keeps its key until the server has answered it. */
(() => {
  const queues = new WeakMap();
  const AGAIN = 2000;
  const say = (text) => { document.getElementById("direct-dit").textContent = text; };
  const work = async (form) => {
    const queue = queues.get(form);
    if (queue.busy) return;
    queue.busy = true;
    while (queue.codes.length) {
      const batch = queue.codes.slice(0, 500);
      const fields = new URLSearchParams(new FormData(form));
      fields.set("jeton_acte", `${form.elements.jeton_acte.value}-${queue.sent}`);
      fields.set("codes", batch.join("\n"));
      const asked = { method: "POST", body: fields, headers: { "HX-Request": "true" } };
      const answer = await fetch(form.action, asked).catch(() => null);
      if (!answer || answer.status >= 500) {
        say(form.dataset.failed);
        await new Promise((next) => { setTimeout(next, AGAIN); });
        continue;
      }
      queue.codes.splice(0, batch.length);
      queue.sent += 1;
      show(form, await answer.text());
    }
    queue.busy = false;
  };
  const show = (form, text) => {
    const parsed = new DOMParser().parseFromString(text, "text/html");
    const now = parsed.getElementById(form.dataset.scans), old = document.getElementById(form.dataset.scans);
    if (!now || !old) { document.getElementById("alertes").replaceChildren(...parsed.body.childNodes); return; }
    const at = document.activeElement, typing = old.contains(at) ? { id: at.id, value: at.value } : null;
    old.replaceWith(now);
    htmx.process(now);
    const field = typing && document.getElementById(typing.id);
    if (field) { field.value = typing.value; field.focus(); }
    say(now.dataset.heard);
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-scans]")) return;
    event.preventDefault();
    const field = form.elements.codes;
    if (!queues.has(form)) queues.set(form, { codes: [], sent: 0, busy: false });
    if (field.value.trim()) queues.get(form).codes.push(field.value.trim());
    field.value = "";
    work(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if ([...document.querySelectorAll("form[data-scans]")].some((form) => queues.get(form)?.busy)) event.preventDefault();
  });
})();
