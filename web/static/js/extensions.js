// The Extensions screen: choosing rows for a change of many, the ticks of its two dialogs, and the
// filters, which unfold on a phone.
"use strict";

(() => {
  const boxes = () => [...document.querySelectorAll('[data-action="choose"]')];

  function showChosen() {
    const form = document.getElementById("bulk");
    if (!form) {
      return;
    }
    const all = boxes();
    const chosen = all.filter((box) => box.checked).length;
    const button = form.querySelector("[data-chosen]");
    const page = form.querySelector("#choose-page");
    button.disabled = chosen === 0;
    button.textContent = chosen ? `Change ${chosen} chosen…` : button.dataset.chosen;
    page.closest("label").hidden = false;
    page.checked = chosen > 0 && chosen === all.length;
    page.indeterminate = chosen > 0 && chosen < all.length;
  }

  // Nothing is deleted before every use of it is known of.
  function showWhetherTicked(root) {
    const button = root.querySelector?.("[data-when-ticked]");
    if (button) {
      button.disabled = button.form.querySelector("[required]:not(:checked)") !== null;
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.id === "choose-page") {
      for (const box of boxes()) {
        box.checked = event.target.checked;
      }
    }
    if (event.target.matches('#choose-page, [data-action="choose"]')) {
      showChosen();
    }
    showWhetherTicked(event.target.closest("form") ?? document);
  });

  // Whoever enters a new value means to change it.
  document.addEventListener("input", (event) => {
    const change = event.target.closest(".change");
    if (change && event.target.type !== "checkbox") {
      change.querySelector("input[type=checkbox]").checked = true;
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-unfolds]");
    button?.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") === "false"));
  });

  document.body.addEventListener("htmx:load", (event) => {
    showWhetherTicked(event.detail.elt);
    showChosen();
  });
  document.addEventListener("list-changed", showChosen);
  showChosen();
})();
