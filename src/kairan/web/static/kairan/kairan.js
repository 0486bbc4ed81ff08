// Comfort on top of pages that work without it: keys, the help, the theme at once. No inline code, no eval.
"use strict";

(() => {
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  const links = () => [...document.querySelectorAll("[data-list] tbody .c-id a")];

  function move(step) {
    const all = links();
    if (!all.length) return;
    const row = document.activeElement.closest("[data-list] tbody tr");
    const at = row ? all.indexOf(row.querySelector(".c-id a")) : -1;
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next].focus();
    all[next].closest("tr").scrollIntoView({ block: "nearest" });
  }

  function help() {
    const dialog = document.getElementById("keys");
    if (dialog && !dialog.open) dialog.showModal();
  }

  const keys = {
    "/": () => document.querySelector("[data-key='/']")?.focus(),
    j: () => move(1),
    k: () => move(-1),
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target) || document.querySelector("dialog[open]:not(#drawer)")) return;
    const action = keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  function closeMenus(but) {
    for (const menu of document.querySelectorAll("[data-menu][open]")) {
      if (menu === but) continue;
      if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("[data-menu]"));
    if (event.target.closest("[data-help]")) {
      closeMenus(null);
      help();
    }
  });

  // The server renders the theme from the cookie; this only spares the reload.
  document.querySelector("[data-themes]")?.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button) return;
    event.preventDefault();
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `kairan_theme=${button.value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    document.documentElement.dataset.theme = button.value;
    for (const other of event.currentTarget.querySelectorAll("button")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });

  for (const field of document.querySelectorAll("[data-time-zone]")) {
    field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  }
  for (const button of document.querySelectorAll("[data-help]")) button.hidden = false;

  // After the page was replaced, the keyboard and the screen reader stand at its beginning; not after a part of it was.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "main") document.getElementById("main").focus({ preventScroll: true });
  });
})();
