// The query bar's suggestions: a combobox on a plain field, which works without. No inline code, no eval.
"use strict";

(() => {
  const WAIT = 120;
  let asked = null; // the request under way
  let timer = 0;
  let place = { start: 0, end: 0 };

  const bar = () => document.querySelector("[data-suggest]");
  const list = () => document.getElementById("suggestions");
  const options = () => [...list().children];
  const active = () => list().querySelector("[aria-selected='true']");
  const isOpen = () => list() && !list().hidden;

  // The server counts characters, the browser half of some of them.
  const signs = (text) => [...text].length;
  const upTo = (text, n) => [...text].slice(0, n).join("").length;

  function dress(field) {
    if (field.getAttribute("role") === "combobox") return;
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", "suggestions");
    field.setAttribute("aria-expanded", "false");
  }

  function close() {
    clearTimeout(timer);
    asked?.abort();
    const field = bar();
    if (!field || !list()) return;
    list().hidden = true;
    list().replaceChildren();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  async function ask(field) {
    asked?.abort();
    asked = new AbortController();
    const at = signs(field.value.slice(0, field.selectionStart ?? field.value.length));
    const address = `${field.dataset.suggest}?${new URLSearchParams({ q: field.value, at })}`;
    try {
      const answer = await fetch(address, { signal: asked.signal, headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected || document.activeElement !== field) return close();
      show(field, await answer.json());
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  function show(field, found) {
    if (!found.options.length) return close();
    place = { start: upTo(field.value, found.start), end: upTo(field.value, found.end) };
    list().replaceChildren(...found.options.map(option));
    list().hidden = false;
    field.setAttribute("aria-expanded", "true");
    field.removeAttribute("aria-activedescendant");
  }

  function option(said, number) {
    const line = document.createElement("div");
    line.id = `suggestion-${number}`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", "false");
    line.dataset.text = said.text;
    line.dataset.more = said.more ? "1" : "";
    const text = document.createElement("bdi");
    text.className = "id";
    text.textContent = said.text;
    const help = document.createElement("span");
    help.className = "help";
    help.textContent = said.help;
    line.append(text, help);
    return line;
  }

  function move(step) {
    const all = options();
    const at = all.indexOf(active());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
    for (const each of all) each.setAttribute("aria-selected", String(each === all[next]));
    all[next].scrollIntoView({ block: "nearest" });
    bar().setAttribute("aria-activedescendant", all[next].id);
  }

  function take(line) {
    const field = bar();
    const text = line.dataset.text + (line.dataset.more ? "" : " ");
    const rest = field.value.slice(place.end);
    field.value = field.value.slice(0, place.start) + text + (line.dataset.more ? rest : rest.replace(/^ /, ""));
    const caret = place.start + text.length;
    field.focus();
    field.setSelectionRange(caret, caret);
    close();
    if (line.dataset.more) ask(field);
  }

  const later = (field) => {
    clearTimeout(timer);
    timer = setTimeout(() => ask(field), WAIT);
  };

  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-suggest]")) dress(event.target);
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-suggest]") && !event.isComposing) later(event.target);
  });
  document.addEventListener("compositionend", (event) => {
    if (event.target.matches("[data-suggest]")) later(event.target);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.matches("[data-suggest]")) close();
  });

  const keys = {
    ArrowDown: (field) => (isOpen() ? move(1) : ask(field)),
    ArrowUp: () => isOpen() && move(-1),
    Enter: () => isOpen() && active() && take(active()),
    Escape: () => isOpen() && close(),
  };

  document.addEventListener(
    "keydown",
    (event) => {
      if (!event.target.matches("[data-suggest]") || event.isComposing || event.ctrlKey || event.metaKey || event.altKey)
        return;
      const handles =
        event.key === "ArrowDown" || (isOpen() && (event.key in keys) && (event.key !== "Enter" || active()));
      if (!handles) {
        if (event.key === "Enter") close();
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      keys[event.key](event.target);
    },
    true,
  );

  // Pressing the pointer would take the focus from the field, and close the list before the click.
  document.addEventListener("pointerdown", (event) => {
    if (event.target.closest("#suggestions")) event.preventDefault();
  });
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest("#suggestions")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const line = event.target.closest("#suggestions [role='option']");
    if (line) take(line);
  });
})();
