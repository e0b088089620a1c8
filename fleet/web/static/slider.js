/* Before and after under a slider: the newer picture is shown on its right, the older on its left.
   Without this script the other ways to lay them over each other are there. */
"use strict";
(() => {
  const overlay = document.querySelector(".overlay");
  const range = overlay?.querySelector("input[type='range']");
  if (!range) return;
  const stage = overlay.querySelector(".stage"), chosen = overlay.querySelector("#vue-s");
  for (const each of overlay.querySelectorAll("[data-script-only]")) each.hidden = false;

  const place = () => stage.style.setProperty("--at", `${range.value}%`);
  range.addEventListener("input", () => { chosen.checked = true; place(); });
  chosen.addEventListener("change", place);
  const follow = (event) => {
    if (!chosen.checked || !(event.buttons & 1)) return;
    const box = stage.getBoundingClientRect();
    range.value = 100 * (event.clientX - box.left) / box.width;
    place();
  };
  stage.addEventListener("pointerdown", (event) => { follow(event); if (chosen.checked) event.preventDefault(); });
  stage.addEventListener("pointermove", follow);
  stage.addEventListener("dragstart", (event) => event.preventDefault());
  place();
})();
