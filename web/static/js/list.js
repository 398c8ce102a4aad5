// A list whose rows open as editors (editors.js): taking over what changed without disturbing them.
"use strict";

(() => {
  const GATHER_MS = 150;
  const PATIENCE_MS = 15000;
  let due;

  const list = () => document.getElementById("list");
  const isOpen = (body) => body.hasAttribute("data-open");
  const isBusy = () => document.querySelector(".htmx-request") !== null;

  // Replace the row itself, never the editor below it; keep the focus where it was.
  function takeRow(body, fresh) {
    const old = body.querySelector(".row");
    const row = fresh.querySelector(".row");
    if (!old || !row || old.outerHTML === row.outerHTML) {
      return;
    }
    const focused = old.contains(document.activeElement)
      ? document.activeElement.dataset.action
      : undefined;
    const chosen = old.querySelector('[data-action="choose"]')?.checked;
    old.replaceWith(row);
    if (chosen) {
      row.querySelector('[data-action="choose"]').checked = true;
    }
    htmx.process(row);
    if (focused) {
      const same = row.querySelector(`[data-action="${focused}"]`); // it may be done with
      (same ?? row.querySelector("[data-action]"))?.focus();
    }
  }

  // What is open stays before the person's eyes, even where it is out of order, as what was just
  // created is; moving it would also take its focus. The others go around it.
  function straysOf(table, ranks) {
    const open = [...table.querySelectorAll("tbody.entry[data-open]")];
    return new Set(open.filter((body) => {
      const next = ranks.get(body.nextElementSibling?.id);
      return !ranks.has(body.id) || next < ranks.get(body.id);
    }));
  }

  // Remove a row. If it has the focus, the next row gets that, or the previous one.
  function takeAway(body, ranks) {
    const isHeir = (other) => ranks.has(other.id) && !isOpen(other);
    const rows = [...list().querySelectorAll("tbody.entry")];
    const place = rows.indexOf(body);
    const heir = rows.slice(place).find(isHeir) ?? rows.slice(0, place).findLast(isHeir);
    const isFocused = body.contains(document.activeElement);
    body.remove();
    if (isFocused) {
      const edit = heir?.querySelector('[data-action="edit"]');
      (edit ?? document.querySelector("[data-opens-new]"))?.focus();
    }
  }

  function merge(page) {
    const table = list().querySelector("table");
    const wanted = [...page.querySelectorAll("#list tbody.entry")];
    const ranks = new Map(wanted.map((fresh, rank) => [fresh.id, rank]));
    for (const body of table.querySelectorAll("tbody.entry")) {
      if (!ranks.has(body.id) && !isOpen(body)) {
        takeAway(body, ranks);
      }
    }
    const strays = straysOf(table, ranks);
    let previous = table.querySelector("tbody[data-new]");
    for (const fresh of wanted) {
      let body = document.getElementById(fresh.id);
      if (body) {
        takeRow(body, fresh);
      } else {
        body = fresh;
      }
      if (strays.has(body)) {
        continue;
      }
      let place = previous.nextElementSibling;
      while (strays.has(place)) {
        place = place.nextElementSibling;
      }
      if (place !== body && !isOpen(body)) {
        table.insertBefore(body, place);
        htmx.process(body);
      }
      previous = body;
    }
    takeParts(page);
  }

  // What else is shown of the list as a whole, such as how many there are.
  function takeParts(page) {
    for (const fresh of page.querySelectorAll("[data-refreshed]")) {
      const old = document.getElementById(fresh.id);
      if (old && !old.isEqualNode(fresh) && !old.contains(document.activeElement)) {
        old.replaceWith(fresh);
        htmx.process(fresh);
      }
    }
    document.dispatchEvent(new CustomEvent("list-changed"));
  }

  // Ask for the list as it is now. Several reasons within a moment are one question.
  function refresh() {
    if (list() && due === undefined) {
      due = setTimeout(load, GATHER_MS);
    }
  }

  async function load() {
    due = undefined;
    if (isBusy()) {
      refresh();
      return;
    }
    const address = location.href;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    // X-Background: nobody asked for this, so it must not keep an idle session alive.
    const headers = { Accept: "text/html", "X-Background": "1" };
    const response = await fetch(address, { headers, signal }).catch(() => null);
    if (!response || !response.ok || response.redirected) {
      return; // live.js sees to a lost connection or session
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    pbxbridge.localTimes(page);
    // An answer under way may bring the same rows, or another search may have been asked for.
    if (isBusy() || address !== location.href) {
      refresh();
    } else if (list()) {
      merge(page);
      document.body.dispatchEvent(new Event("merged"));
    }
  }

  document.addEventListener("dblclick", (event) => {
    const row = event.target.closest("tbody.entry:not([data-open]) .row");
    if (row && !event.target.closest("a, button")) {
      getSelection().removeAllRanges();
      row.querySelector('[data-action="edit"]')?.click();
    }
  });

  // The same control of the next or the previous row; in front of the first is what was before.
  function moveFrom(row, control, step) {
    const rows = [...list().querySelectorAll(".row")];
    const next = rows[rows.indexOf(row) + step];
    (next?.querySelector(`[data-action="${control}"]`) ?? next?.querySelector("[data-action]"))?.focus();
  }

  function onRowKey(event, row) {
    const control = event.target.dataset.action ?? "edit";
    const press = (name) => row.querySelector(`[data-action="${name}"]`)?.click();
    switch (event.key) {
      case "ArrowDown": moveFrom(row, control, 1); break;
      case "ArrowUp": moveFrom(row, control, -1); break;
      case "Delete": press("delete"); break;
      case "Enter":
        if (event.target.matches("a, button")) {
          return; // it is pressed anyway
        }
        press("edit");
        break;
      default: return;
    }
    event.preventDefault();
  }

  document.addEventListener("keydown", (event) => {
    const row = event.target.closest("tbody.entry .row");
    if (row && !event.ctrlKey && !event.altKey && !event.metaKey) {
      onRowKey(event, row);
    }
  });

  // An address says only what is not as usual.
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb === "get" && event.detail.target.id === "list") {
      for (const [name, value] of [...event.detail.formData.entries()]) {
        if (value === "") {
          event.detail.formData.delete(name);
        }
      }
    }
  });

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const editor = document.querySelector("tbody[data-new][data-open] input:not([type=hidden])");
    if (event.target.matches?.("[data-opens-new]") && editor) {
      event.preventDefault(); // it is open already; opening it again would empty it
      editor.focus();
    }
  });

  // After Save, Cancel or Done the row is back; put the focus where the person came from.
  document.body.addEventListener("htmx:afterSettle", (event) => {
    const body = event.target.closest?.("tbody.entry");
    if (body && !isOpen(body) && document.activeElement === document.body) {
      body.querySelector('[data-action="edit"]')?.focus();
    }
  });
  document.body.addEventListener("notice", refresh);
  document.body.addEventListener("htmx:responseError", refresh);

  pbxbridge.refreshList = refresh;
  // Not every list shows what mailboxes hold, or how mails fare: the list says so itself.
  const follows = list()?.dataset.follows?.split(" ") ?? [];
  if (follows.includes("mailboxes")) {
    pbxbridge.refreshMailboxes = refresh;
  }
  if (follows.includes("outbox")) {
    pbxbridge.refreshOutbox = refresh;
  }
})();
