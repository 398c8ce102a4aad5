// Editors that are open in a list: what was typed is not lost by accident, and what is known of the
// device stays true.
"use strict";

(() => {
  const UNFINISHED = "Save or cancel what you are editing first.";
  const PATIENCE_MS = 15000;
  const notice = document.getElementById("notice");
  let refused; // what asked for another list while an editor was open
  let resentFrom; // the row that had the focus when it was asked again

  const list = () => document.getElementById("list");

  function differs(control) {
    if (control.type === "checkbox") {
      return control.checked !== control.defaultChecked;
    }
    if (control.tagName === "SELECT") {
      const stored = control.querySelector("option[selected]") ?? control.options[0];
      return control.value !== stored?.value;
    }
    return control.value !== control.defaultValue;
  }

  // A form that came back with errors holds what was typed as if it had always been there.
  function isChanged(form) {
    const controls = [...form.querySelectorAll("input:not([type=hidden]), select")];
    return form.querySelector("[role=alert]") !== null || controls.some(differs);
  }

  // Who opened an editor before the scripts were there has a page of its own for it, which saves as
  // any form does: to leave is then to save.
  let isSaving = false;
  document.addEventListener("submit", (event) => {
    isSaving = event.target.matches("form.editor") && !event.defaultPrevented;
  });

  window.addEventListener("beforeunload", (event) => {
    // Whose session has ended can save nothing, and must not leave the page on the screen.
    const editors = [...document.querySelectorAll("form.editor")];
    if (!isSaving && !pbxbridge.isSignedOut && editors.some(isChanged)) {
      event.preventDefault();
    }
  });

  document.addEventListener("keydown", (event) => {
    const panel = event.key === "Escape" ? event.target.closest(".panel") : null;
    const cancel = panel?.querySelector("[data-cancel]");
    const form = panel?.querySelector("form.editor");
    if (cancel && !(form && isChanged(form) && !confirm("Discard what you changed?"))) {
      cancel.click();
    }
  });

  // What is new has no row to go back to.
  document.addEventListener("click", (event) => {
    const cancel = event.target.closest("[data-empty]");
    if (cancel && list()) {
      event.preventDefault();
      const body = document.getElementById(cancel.dataset.empty);
      body.replaceChildren();
      body.removeAttribute("data-open");
      body.removeAttribute("class");
      document.querySelector("[data-opens-new]").focus();
      askAgain();
    }
  });

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target.id === "list" && list().querySelector("[data-open] .editor")) {
      event.preventDefault();
      refused = event.detail.elt;
      pbxbridge.announce(UNFINISHED, true);
    }
  });

  // The list is to be what the search box, the filters or the link that was followed say.
  function askAgain() {
    if (!refused || list()?.querySelector("[data-open]")) {
      return;
    }
    const asked = refused;
    refused = undefined;
    if (notice.textContent === UNFINISHED) {
      pbxbridge.announce("", false);
    }
    resentFrom = document.activeElement.closest("tbody.entry")?.id ?? "";
    if (asked.isConnected && asked.matches("a")) {
      asked.click();
    } else if (asked.isConnected) {
      htmx.trigger(asked, { FORM: "submit", SELECT: "change" }[asked.tagName] ?? "search");
    }
  }

  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "list" && resentFrom !== undefined) {
      if (document.activeElement === document.body) {
        const row = document.getElementById(resentFrom);
        (row?.querySelector('[data-action="edit"]') ?? document.getElementById("search")).focus();
      }
      resentFrom = undefined;
    } else if (event.target.closest?.("tbody.entry")) {
      askAgain();
    }
  });

  // A state is told as cells of its row (live.js). Of what more the editor shows, only who looks at
  // it is told, and has to ask.
  async function refreshFacts(number) {
    const facts = document.getElementById(`facts-${number}`);
    if (!facts) {
      return;
    }
    const turn = String(Number(facts.dataset.turn ?? 0) + 1);
    facts.dataset.turn = turn;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const headers = { "X-Background": "1" }; // nobody asked: no reason to keep a session alive
    const address = `/extensions/${number}/facts`;
    const answer = await fetch(address, { headers, signal }).catch(() => null);
    if (!answer?.ok || answer.redirected) {
      return; // live.js sees to a lost connection or session
    }
    const html = await answer.text();
    if (facts.dataset.turn === turn) {
      facts.innerHTML = html; // made by the portal's own templates, which escape
      pbxbridge.localTimes(facts);
    }
  }

  // Who comes back after a while has missed what changed meanwhile.
  document.addEventListener("list-changed", () => {
    for (const facts of document.querySelectorAll("[data-facts]")) {
      refreshFacts(facts.dataset.facts);
    }
  });

  pbxbridge.refreshFacts = refreshFacts;
})();
