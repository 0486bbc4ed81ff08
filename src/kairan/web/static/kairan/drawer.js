// A finding in a drawer over the list: opened from its row, j and k move on, Escape closes. Beside the list it leaves
// the list usable; on narrow screens it covers everything and is modal. The address stays the list's: going back
// leaves the list, as without the drawer. Without this file a row's link leads to the finding's page.
"use strict";

(() => {
  const LINK = "[data-list] tbody .c-id a";
  const drawer = document.getElementById("drawer");
  if (!drawer || !window.htmx) return;
  const body = drawer.querySelector("[data-body]");
  const part = (name) => drawer.querySelector(`[data-${name}]`);
  const narrow = window.matchMedia("(max-width: 60rem)");
  const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;
  const isGroup = (link) => link.closest(".groups") !== null;
  const links = () => [...document.querySelectorAll(LINK)];
  let shown = ""; // the address of the finding that is shown

  const link = () => links().find((each) => each.href === shown);

  // --- opening, moving on, closing --------------------------------------------------------------------------------

  function open(to) {
    shown = to.href;
    mark();
    if (!drawer.open) {
      if (narrow.matches) drawer.showModal();
      else drawer.show();
    }
    load();
  }

  function move(step) {
    const all = links();
    const next = all[all.indexOf(link()) + step];
    if (!next || (step < 0 && !link())) return;
    open(next);
    next.closest("tr").scrollIntoView({ block: "nearest" });
  }

  function mark() {
    for (const row of document.querySelectorAll("[data-list] tr.in-drawer")) row.classList.remove("in-drawer");
    const all = links();
    const at = all.indexOf(link());
    all[at]?.closest("tr").classList.add("in-drawer");
    part("previous").disabled = at <= 0;
    part("next").disabled = at < 0 || at === all.length - 1;
    part("whole").href = shown;
  }

  // Its own close event comes late: the focus is the row's at once.
  function close() {
    const row = link();
    if (drawer.open) drawer.close();
    row?.focus({ preventScroll: true });
    row?.closest("tr").scrollIntoView({ block: "nearest" });
  }

  drawer.addEventListener("close", () => {
    body.replaceChildren();
    const row = link();
    row?.closest("tr").classList.remove("in-drawer");
    if (document.activeElement === document.body) row?.focus({ preventScroll: true });
    shown = "";
  });

  // --- what it shows ----------------------------------------------------------------------------------------------

  function load() {
    state("loading");
    part("scroller").focus({ preventScroll: true });
    window.htmx.ajax("GET", asked(), { source: body, target: body, swap: "innerHTML" });
  }

  const asked = () => `${new URL(shown).pathname}?drawer=1`;

  // Keys are quicker than answers: of those that come late, nothing is shown.
  const isLate = (event) => !drawer.open || event.detail.pathInfo?.finalRequestPath !== asked();

  function state(name) {
    drawer.dataset.state = name;
    drawer.setAttribute("aria-busy", String(name === "loading"));
    part("failed").hidden = name !== "failed";
  }

  body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target === body && isLate(event)) event.detail.shouldSwap = false;
  });

  body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target !== body || isLate(event)) return;
    state("shown");
    if (body.contains(document.activeElement)) return; // who was quick is at work in it already
    part("scroller").scrollTop = 0;
    part("scroller").focus({ preventScroll: true });
  });

  for (const kind of ["htmx:responseError", "htmx:sendError"]) {
    body.addEventListener(kind, (event) => {
      if (event.target !== body) return;
      event.stopPropagation(); // the list answers its own errors by loading the whole page
      if (isLate(event)) return;
      body.replaceChildren();
      state("failed");
    });
  }

  // The list came anew (another page, order or filter): what the drawer was opened from is gone.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "results" && drawer.open) drawer.close();
  });

  // --- keys and pointer -------------------------------------------------------------------------------------------

  const keys = { j: () => move(1), k: () => move(-1), Escape: close };

  document.addEventListener(
    "keydown",
    (event) => {
      if (!drawer.open || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (!(event.key in keys) || typing(event.target)) return;
      if (document.querySelector("dialog[open]:not(#drawer), [data-menu][open]")) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    },
    true,
  );

  // A click anywhere in a row that does nothing else there. Enter on its link is a click on it.
  function linkOf(event) {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return null;
    const row = event.target.closest("[data-list] tbody tr");
    const found = row?.querySelector(".c-id a");
    if (!found || isGroup(found)) return null;
    const other = event.target.closest("a, button, input, label, summary");
    if (other && other !== found) return null;
    return other || !String(window.getSelection()) ? found : null;
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.closest("#drawer [data-previous]")) return move(-1);
    if (event.target.closest("#drawer [data-next]")) return move(1);
    if (event.target.closest("#drawer [data-again]")) return load();
    if (event.target.closest("#drawer [data-close]")) return close();
    const found = linkOf(event);
    if (!found) return;
    event.preventDefault();
    open(found);
  });

  // Modal or not is settled when it opens.
  narrow.addEventListener("change", () => drawer.open && close());

  document.documentElement.classList.add("drawing");
})();
