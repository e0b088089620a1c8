/* Brings a page that is still changing up to date: fetches it again and puts what is new into the
   parts marked data-live, until the page says no more that it is live. Nothing here says a word. */
"use strict";
(() => {
  const EVERY_MS = 4000;
  const control = document.querySelector("[data-live-control]");
  const wanted = control?.querySelector("input");
  if (control) control.hidden = false;
  const live = () => document.querySelector("[data-live-now]") !== null;

  const update = (fresh) => {
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      if (!other || other.innerHTML === part.innerHTML) continue;
      const focused = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
      part.replaceChildren(...other.childNodes);
      if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    }
  };

  const look = async () => {
    if (!document.hidden && (!wanted || wanted.checked)) {
      try {
        const answer = await fetch(location.href, { cache: "no-store" });
        if (answer.ok) update(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch { /* the server is away for a moment: look again later */ }
    }
    if (live()) setTimeout(look, EVERY_MS);
    else if (control) control.hidden = true;
  };
  if (live()) setTimeout(look, EVERY_MS);
})();
