/* Says under the map what is pointed at: with a mouse, with Tab, and with a finger, whose first tap
   names a department and whose second opens its page. Without this script every tap opens it. */
"use strict";
(() => {
  const said = document.querySelector("[data-map-said]"), map = document.querySelector(".map > svg");
  if (!said || !map) return;
  said.hidden = false;
  let finger = false, named = null;
  const name = ({ target }) => {
    const link = target.closest("a[aria-label]");
    if (link) said.textContent = link.getAttribute("aria-label");
    return link;
  };
  map.addEventListener("pointerdown", (event) => { finger = event.pointerType === "touch"; });
  map.addEventListener("pointerover", (event) => { if (event.pointerType !== "touch") name(event); });
  map.addEventListener("focusin", name);
  map.addEventListener("click", (event) => {
    const link = name(event);
    if (link && finger && link !== named) event.preventDefault();
    named = link;
    finger = false;
  });
})();
