// Secrets shown once: a button that copies, and a field that selects itself. Without JavaScript: select by hand.
"use strict";

(() => {
  async function copied(field) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      return document.execCommand("copy"); // plain HTTP from another machine has no clipboard
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copy);
    if (field && (await copied(field))) button.textContent = button.dataset.done;
  });

  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-select]")) event.target.select();
  });

  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
})();
