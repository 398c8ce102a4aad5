// The wallboard: waiting goes on, second by second; the page stays on its wall.
"use strict";

(() => {
  const root = document.querySelector("[data-live]");
  const board = document.getElementById("board");
  const TICK_MS = 1000;
  const PATIENCE_MS = 15000;
  // More often than an idle session ends.
  const STAY_MS = 4 * 60 * 1000;
  // Clocks of screens on walls are seldom right: what counts is the portal's.
  const ahead = Number(root.dataset.now) - Date.now() / 1000;

  const two = (number) => String(number).padStart(2, "0");

  function span(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  }

  function tick() {
    const now = Date.now() / 1000 + ahead;
    for (const tile of board.querySelectorAll(".tile")) {
      const wait = tile.querySelector("[data-since]");
      const waited = wait ? now - Number(wait.dataset.since) : 0;
      if (wait) {
        wait.textContent = span(waited);
        wait.classList.toggle("hours", waited >= 3600);
      }
      tile.classList.toggle("late", Boolean(wait) && waited > Number(wait.dataset.limit));
    }
  }

  // Queues came or went, or are called otherwise.
  async function read(headers) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    let answer;
    let html;
    try {
      answer = await fetch(location.href, { headers, signal });
      html = await answer.text();
    } catch {
      return; // live.js sees to a lost connection
    }
    if (answer.ok && !answer.redirected) {
      const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("board");
      if (fresh) {
        const focused = board.contains(document.activeElement) && document.activeElement.id;
        board.innerHTML = fresh.innerHTML;
        htmx.process(board);
        document.body.dispatchEvent(new Event("merged")); // what was told meanwhile is newer
        tick();
        if (focused) {
          document.getElementById(focused)?.focus();
        }
      }
    } else if (answer.status === 404) {
      location.assign("/wallboard"); // the queue was deleted
    } else if (answer.status === 403) {
      location.reload(); // who may not look any more sees that, and no figures that stand still
    }
  }

  const button = document.querySelector("[data-full-screen]");
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener("click", () => document.documentElement.requestFullscreen());

  pbxbridge.refreshList = () => read({ Accept: "text/html", "X-Background": "1" });
  document.addEventListener("patched", tick);
  if ("stays" in root.dataset) {
    setInterval(() => read({ Accept: "text/html" }), STAY_MS);
  }
  setInterval(tick, TICK_MS);
  tick();
})();
