// What every page does: notices, the dialog, copying, and times in the reader's own time zone.
"use strict";

(() => {
  const notice = document.getElementById("notice");
  const dialog = document.getElementById("dialog");
  const NOTICE_MS = 6000;
  let clearing;

  function announce(text, isProblem) {
    clearTimeout(clearing);
    notice.textContent = text;
    notice.classList.toggle("problem", isProblem);
    if (!isProblem) {
      clearing = setTimeout(() => notice.replaceChildren(), NOTICE_MS);
    }
  }

  function localTimes(root) {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      const isToday = moment.toDateString() === new Date().toDateString();
      const clock = { hour: "2-digit", minute: "2-digit" };
      const options = isToday ? clock : { ...clock, day: "numeric", month: "short" };
      time.textContent = new Intl.DateTimeFormat("en-GB", options).format(moment);
    }
  }

  async function copy(input, button) {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      // navigator.clipboard is there on https and localhost only.
      document.execCommand("copy");
    }
    announce("Copied", false);
    button.focus();
  }

  document.addEventListener("click", (event) => {
    const copier = event.target.closest("[data-copy]");
    if (copier) {
      copy(document.getElementById(copier.dataset.copy), copier);
    }
    if (event.target.closest("[data-close-dialog]") && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });

  // A link that acts as a button obeys the space bar as a button does.
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches('a[role="button"]')) {
      event.preventDefault();
      event.target.click();
    }
  });

  document.body.addEventListener("notice", (event) => announce(event.detail.text, false));
  // For each element that came: after a swap of the whole element the target is gone.
  document.body.addEventListener("htmx:load", (event) => localTimes(event.detail.elt));
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === dialog && !dialog.open) {
      dialog.showModal();
    }
  });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    // A dialog that comes back says itself why something was refused. Other refusals are plain text.
    const kind = event.detail.xhr.getResponseHeader("Content-Type") || "";
    if (event.detail.target === dialog && kind.startsWith("text/html")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  dialog.addEventListener("htmx:afterRequest", (event) => {
    // A form that is not right yet comes back with what is wrong; a field may ask for suggestions.
    if (event.target.matches("form") && event.detail.xhr.status !== 422) {
      dialog.close();
    }
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    announce(event.detail.xhr.responseText || "This did not work.", true);
  });
  document.body.addEventListener("htmx:sendError", () => {
    announce("The portal does not answer. Nothing was saved.", true);
  });
  document.body.addEventListener("htmx:timeout", () => {
    announce("The portal takes too long. Look whether it was saved before you try again.", true);
  });

  if (notice.textContent) {
    announce(notice.textContent, false);
    // The address would tell the same story again after a reload.
    const address = new URL(location.href);
    address.searchParams.delete("notice");
    history.replaceState(history.state, "", address);
  }
  // Chromium leaves autofocus out of a page that it does not paint for a while.
  if (document.activeElement === document.body) {
    document.querySelector("[autofocus]")?.focus();
  }
  localTimes(document);
  window.pbxbridge = { announce, localTimes };
})();
