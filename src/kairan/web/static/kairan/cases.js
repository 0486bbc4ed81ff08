// Cases by keyboard: d decides, s puts off; after an answer in the drawer the next case opens by itself. Everything
// here works by hand too, and without this file.
"use strict";

(() => {
  const drawer = document.getElementById("drawer");
  const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
  const row = () => document.activeElement?.closest("[data-list] tbody tr") ?? document.querySelector("tr.in-drawer");
  let wanted = ""; // what is to be done in the drawer once its case is there

  // The part that is meant: the one that the row's link names, else the first that can be decided.
  function decide(root, status, named) {
    const part = (named && root.querySelector(named)) || root;
    const form = part.querySelector("[data-decide]") ?? root.querySelector("[data-decide]");
    if (!form) return;
    form.open = true;
    const choice = status ? form.querySelector(`[name=status][value=${status}]`) : form.querySelector("[name=status]");
    if (status && choice) choice.checked = true;
    choice?.focus();
    form.scrollIntoView({ block: "nearest" });
  }

  const hash = () => new URL(document.querySelector("tr.in-drawer .c-id a")?.href ?? location.href).hash;

  function press(status) {
    const sheet = drawer ? null : document.querySelector(".case-sheet");
    if (sheet) return decide(sheet, status, location.hash);
    if (!drawer) return;
    if (drawer.open) return decide(drawer, status, hash());
    wanted = status || "any";
    (row() ?? document.querySelector("[data-list] tbody tr"))?.querySelector(".c-id a")?.click();
  }

  const keys = { d: () => press(""), s: () => press("deferred") };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!(event.key in keys) || typing(event.target)) return;
    if (document.querySelector("dialog[open]:not(#drawer), [data-menu][open]")) return;
    event.preventDefault();
    keys[event.key]();
  });

  // How many teams are ticked, said before they are written to.
  const count = (form) => {
    form.querySelector("[data-ticked]").textContent = form.querySelectorAll("[name=team]:checked").length;
    form.querySelector("[data-ticked-said]").hidden = false;
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-ticks]");
    if (form) count(form);
  });
  document.querySelectorAll("[data-ticks]").forEach(count);

  if (!drawer) return;
  const body = drawer.querySelector("[data-body]");

  body.addEventListener("htmx:afterSettle", () => {
    body.querySelectorAll("[data-ticks]").forEach(count);
    const named = hash();
    if (wanted) decide(drawer, wanted === "any" ? "" : wanted, named);
    else if (named) body.querySelector(named)?.scrollIntoView({ block: "start" });
    wanted = "";
  });

  // Answered: the row is done with, the next one opens. What was done, and its undo, stays at the bottom.
  document.addEventListener("kairan:answered", () => {
    const done = document.querySelector("tr.in-drawer");
    done?.classList.add("answered");
    const rows = [...document.querySelectorAll("[data-list] tbody tr")];
    if (rows.slice(rows.indexOf(done) + 1).length) drawer.querySelector("[data-next]").click();
  });
})();
