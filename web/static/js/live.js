// The live stream: puts what changed into the page. See web/pages/live.py for the messages.
"use strict";

(() => {
  const lost = document.getElementById("stream");
  // What a page wants to be told of beyond what every page is, as a query.
  const wish = document.querySelector("[data-live]")?.dataset.live;
  const ADDRESS = wish ? `/live?${wish}` : "/live";
  const RETRY_MS = 3000;
  const PATIENCE_MS = 15000;
  // In a storm the states are asked for again and again: not without a pause.
  const PAUSE_MS = 250;
  const LONGEST_PAUSE_MS = 8000;
  // A restart of the portal, or a page that is just loading, is no reason to alarm anybody.
  const ALARM_MS = 4000;
  let source;
  let alarm;

  function isBack() {
    clearTimeout(alarm);
    alarm = undefined;
    lost.replaceChildren();
  }

  function isLost() {
    alarm ??= setTimeout(() => {
      lost.textContent = "No connection to the portal. What you see may be out of date.";
    }, ALARM_MS);
  }

  // What this stream told last of each element, unless that may be old.
  let told = {};
  let isAsking = false;
  let isOld = false;

  function show(contents) {
    for (const [id, html] of Object.entries(contents)) {
      const element = document.getElementById(id);
      if (element && element.innerHTML !== html) {
        const focused = element.contains(document.activeElement) && document.activeElement.id;
        element.innerHTML = html; // made by the portal's own templates, which escape
        pbxbridge.localTimes(element);
        htmx.process(element);
        if (focused) {
          document.getElementById(focused)?.focus();
        }
      }
    }
  }

  function patch(contents) {
    Object.assign(told, contents);
    take(contents);
    document.dispatchEvent(new CustomEvent("patched"));
    if ("waiting" in contents) {
      pbxbridge.refreshOutbox?.(); // it is told whenever an outbox changed
    }
  }

  function take(contents) {
    show(contents);
    for (const id of Object.keys(contents)) {
      if (id.startsWith("status-")) {
        pbxbridge.refreshFacts?.(id.slice("status-".length));
      }
    }
  }

  // More changed than was told. Ask for what is shown; what is told meanwhile is newer than that.
  async function askStates() {
    told = {};
    isOld = true;
    if (isAsking) {
      return;
    }
    isAsking = true;
    let pause = PAUSE_MS;
    while (isOld) {
      isOld = false;
      const cells = [...document.querySelectorAll('[id^="status-"]')];
      const numbers = cells.map((cell) => cell.id.slice("status-".length));
      if (numbers.length) {
        // Not `isOld ||= await ...`: that forgets what was told meanwhile.
        const isDone = await readStates(numbers);
        isOld ||= !isDone;
        pause = isOld ? Math.min(2 * pause, LONGEST_PAUSE_MS) : PAUSE_MS;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
    isAsking = false;
  }

  // Whether that is done with: else it is tried again.
  async function readStates(numbers) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const headers = { "X-Background": "1" }; // nobody asked: no reason to keep a session alive
    const address = `/live/states?of=${numbers.map(encodeURIComponent).join(",")}`;
    const answer = await fetch(address, { headers, signal }).catch(() => null);
    const contents = answer?.ok && !answer.redirected ? await answer.json().catch(() => null) : null;
    if (contents) {
      const newest = { ...contents, ...told };
      take(Object.fromEntries(Object.keys(contents).map((id) => [id, newest[id]])));
      if (!isOld) {
        told = newest; // else more changed meanwhile, and it is the next answer that counts
      }
    }
    // A lost connection or session is seen to below.
    return Boolean(contents) || source?.readyState !== EventSource.OPEN;
  }

  // The browser gives up after an answer other than 200. Was it the session, or the portal?
  async function afterRefusal() {
    const answer = await fetch("/live", { method: "HEAD" }).catch(() => null);
    if (answer?.status === 401) {
      pbxbridge.isSignedOut = true;
      location.reload(); // leads to the sign-in page, and back here
    } else {
      setTimeout(connect, RETRY_MS);
    }
  }

  function connect() {
    source?.close();
    told = {};
    source = new EventSource(ADDRESS);
    source.addEventListener("open", isBack);
    source.addEventListener("patch", (event) => patch(JSON.parse(event.data)));
    source.addEventListener("states", askStates);
    source.addEventListener("list", () => pbxbridge.refreshList?.());
    source.addEventListener("mailbox", () => pbxbridge.refreshMailboxes?.());
    source.addEventListener("signed-out", () => {
      source.close();
      pbxbridge.isSignedOut = true;
      location.reload();
    });
    source.addEventListener("error", () => {
      isLost();
      if (source.readyState === EventSource.CLOSED) {
        afterRefusal();
      }
    });
  }

  // Browsers allow six connections to one server: a page that nobody looks at needs none. It is
  // brought up to date when it connects again.
  function follow() {
    if (document.visibilityState === "visible") {
      connect();
    } else {
      source?.close();
      isBack();
    }
  }

  // A list that was asked for may be older than what was told while it was on its way.
  document.body.addEventListener("merged", () => show(told));
  document.addEventListener("visibilitychange", follow);
  // Who signs out is led away by the answer: the stream's own word of it must not come first.
  document.addEventListener("submit", (event) => {
    if (event.target.matches('[action="/sign-out"]')) {
      source?.close();
    }
  });
  window.addEventListener("pagehide", () => source?.close());
  window.addEventListener("pageshow", (event) => event.persisted && follow());
  follow();
})();
