// My extension, and its voicemail: takes over what changed, without disturbing a message that plays
// or a form.
"use strict";

(() => {
  const GATHER_MS = 150;
  const PATIENCE_MS = 15000;
  const mine = document.getElementById("mine");
  const isBusy = () => document.querySelector(".htmx-request") !== null;
  let due;

  // A part is shown text and buttons; what plays or is typed into is beside it, and stays.
  function takeParts(old, fresh) {
    for (const part of fresh.querySelectorAll(":scope [data-part]")) {
      const place = part.closest("[id]");
      const before = old.querySelector(`:scope [data-part="${part.dataset.part}"]`);
      if (place !== fresh || !before || before.isEqualNode(part)) {
        continue;
      }
      const held = before.contains(document.activeElement);
      before.replaceWith(part);
      htmx.process(part);
      if (held) {
        old.querySelector("audio, a, button")?.focus();
      }
    }
  }

  function takeMessages(list, fresh) {
    const wanted = [...fresh.children];
    const ids = new Set(wanted.map((message) => message.id));
    for (const message of [...list.children]) {
      if (!ids.has(message.id)) {
        message.remove();
      }
    }
    wanted.forEach((message, place) => {
      const present = document.getElementById(message.id);
      const next = list.children[place];
      if (present) {
        present.className = message.className;
        takeParts(present, message);
      } else {
        list.insertBefore(message, next ?? null);
        htmx.process(message);
      }
    });
  }

  function merge(page) {
    const fresh = page.getElementById("mine");
    pbxbridge.localTimes(fresh);
    const ids = (root) => [...root.querySelectorAll(".own")].map((own) => own.id).join();
    const boxes = (root) => root.querySelectorAll(".voicemail").length;
    if (ids(mine) !== ids(fresh) || boxes(mine) !== boxes(fresh)) {
      location.reload(); // an extension was given or taken
      return;
    }
    for (const own of fresh.querySelectorAll(".own")) {
      const old = document.getElementById(own.id);
      const list = own.querySelector(".messages");
      takeParts(old, own);
      if (list) {
        takeMessages(old.querySelector(".messages"), list);
      }
    }
    document.body.dispatchEvent(new Event("merged"));
  }

  // Ask for the page as it is now. Several reasons within a moment are one question.
  function refresh() {
    due ??= setTimeout(load, GATHER_MS);
  }

  async function load() {
    due = undefined;
    if (isBusy()) {
      refresh();
      return;
    }
    const signal = AbortSignal.timeout(PATIENCE_MS);
    // X-Background: nobody asked for this, so it must not keep an idle session alive.
    const headers = { Accept: "text/html", "X-Background": "1" };
    const response = await fetch(location.href, { headers, signal }).catch(() => null);
    if (!response?.ok || response.redirected) {
      return; // live.js sees to a lost connection or session
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // What is under way looks different, and its end is a reason to ask again.
    if (isBusy()) {
      refresh();
    } else {
      merge(page);
    }
  }

  document.body.addEventListener("notice", refresh);
  document.body.addEventListener("htmx:responseError", refresh);
  pbxbridge.refreshList = refresh;
  pbxbridge.refreshMailboxes = refresh;
})();
