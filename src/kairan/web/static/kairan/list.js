// The list: picking rows, tools of the row under the pointer, facets that come after the rows. Works on whatever part
// of the page htmx puts in later: everything listens on the document.
"use strict";

(() => {
  const list = () => document.querySelector("[data-list]");
  const bar = () => document.querySelector("[data-picked]");
  const boxes = () => [...document.querySelectorAll("[data-list] .c-pick input")];
  const picked = () => boxes().filter((box) => box.checked);
  const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
  let last = null; // the row picked last: where a range begins

  // --- picking ---------------------------------------------------------------------------------------------------

  function tell() {
    const form = bar();
    if (!form) return;
    const count = picked().length;
    form.querySelector("[data-number]").textContent = String(count);
    if (count < boxes().length || !count) everything(false);
  }

  function everything(all) {
    const form = bar();
    form.querySelector("[data-some]").hidden = all;
    form.querySelector("[data-all]").hidden = !all;
    for (const button of form.querySelectorAll("[data-take-all], [data-copy-ids]")) button.hidden = all;
    for (const box of boxes()) box.disabled = all; // then nothing is sent but the query: all that match
    for (const scope of form.querySelectorAll("[data-scope]")) scope.disabled = !all; // and where much hangs on it, that
  }

  function pick(box, on) {
    if (box && !box.disabled) box.checked = on;
  }

  function range(box) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const each of from < 0 ? [box] : all.slice(from, to + 1)) pick(each, true);
  }

  function clear() {
    if (!bar()) return;
    everything(false);
    for (const box of boxes()) pick(box, false);
    tell();
  }

  const here = () =>
    (document.activeElement?.closest("[data-list] tbody tr") ?? document.querySelector("tr.in-drawer"))?.querySelector(
      ".c-pick input",
    );

  function toggle(box, wide) {
    if (!box) return;
    if (wide) range(box);
    else pick(box, !box.checked);
    last = box;
    tell();
  }

  const keys = {
    x: () => toggle(here(), false),
    X: () => toggle(here(), true),
    a: () => {
      const on = picked().length < boxes().length;
      for (const box of boxes()) pick(box, on);
      tell();
    },
    Escape: () => picked().length && clear(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!list() || typing(event.target) || document.querySelector("dialog[open]:not(#drawer), [data-menu][open]")) return;
    if (!(event.key in keys)) return;
    if (event.key !== "Escape") event.preventDefault();
    keys[event.key]();
  });

  document.addEventListener("click", (event) => {
    const box = event.target.closest("[data-list] .c-pick input");
    if (box) {
      if (event.shiftKey && box.checked) range(box);
      last = box;
      tell();
    } else if (event.target.closest("[data-take-all]")) {
      for (const each of boxes()) pick(each, true);
      tell();
      everything(true);
    } else if (event.target.closest("[data-copy-ids]")) {
      const ids = picked().map((each) => each.closest("tr").querySelector(".c-id .id").textContent);
      copy([...new Set(ids)].join("\n"), event.target);
    } else if (event.target.closest("[data-copy-id]")) {
      copy(event.target.closest("tr").querySelector(".c-id .id").textContent, event.target);
    }
  });

  document.addEventListener("reset", (event) => {
    if (!event.target.matches("[data-picked]")) return;
    event.preventDefault();
    clear();
    document.getElementById("main")?.focus({ preventScroll: true });
  });

  async function copy(text, button) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      byHand(text); // without TLS browsers keep the clipboard shut
    }
    const done = document.querySelector("#row-tools")?.content.querySelector("[data-copy-id]").dataset.done;
    if (!done || button.dataset.before) return;
    button.dataset.before = button.textContent;
    button.textContent = done;
    setTimeout(() => {
      button.textContent = button.dataset.before;
      delete button.dataset.before;
    }, 1500);
  }

  function byHand(text) {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    const focused = document.activeElement;
    field.select();
    document.execCommand("copy");
    field.remove();
    focused?.focus();
  }

  // --- the row under the pointer or the focus -----------------------------------------------------------------------

  function tools(target) {
    const row = target?.closest?.("[data-list]:not(.groups) tbody tr");
    if (!row || row.querySelector(".row-tools")) return;
    const template = document.getElementById("row-tools");
    if (!template) return;
    for (const old of document.querySelectorAll(".row-tools")) old.remove();
    row.lastElementChild.append(template.content.cloneNode(true));
    row.querySelector("[data-open]").href = row.querySelector(".c-id a").href;
  }

  document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && tools(event.target));
  document.addEventListener("focusin", (event) => tools(event.target));

  // --- parts that htmx puts in -----------------------------------------------------------------------------------------

  function begin() {
    for (const button of document.querySelectorAll("[data-copy-ids], [data-take-all]")) button.hidden = false;
    document.documentElement.classList.add("picking");
    last = null;
    tell();
  }

  // The facets of the same query are there already: another page or order of it changes nothing in them.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const asks = event.target.dataset?.facets;
    const column = document.getElementById("facets");
    if (asks === undefined || !column) return;
    if (column.dataset.of === asks) event.preventDefault();
    else column.dataset.of = asks;
  });

  // What was folded or unfolded by hand stays so when the facets come anew.
  const folds = new Map();
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.(".facet")) folds.set(event.target.id, event.target.open);
  }, true);

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "facets") {
      for (const [id, open] of folds) {
        const fold = document.getElementById(id);
        if (fold) fold.open = open;
      }
      return;
    }
    if (event.target.id !== "results") return;
    begin();
    // What had the focus is gone, or was the query bar: the keyboard goes on in the list.
    const focused = document.activeElement;
    if (focused === document.body || focused.id === "q") document.getElementById("main")?.focus({ preventScroll: true });
  });

  // A part that cannot be had: the whole page says why.
  for (const kind of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(kind, (event) => {
      const path = event.detail.pathInfo?.finalRequestPath ?? event.detail.pathInfo?.requestPath;
      if (path && event.detail.boosted !== undefined && event.target.dataset?.facets === undefined) location.assign(path);
    });
  }

  begin();
  addEventListener("pageshow", tell); // a browser that goes back puts the ticks back after this script ran
})();
