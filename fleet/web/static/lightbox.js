/* Shows the pictures that links with data-enlarge lead to, one after the other, as large as wanted.
   Without this script the same links open the pictures. Words are in the page's template. */
"use strict";
(() => {
  const template = document.querySelector("template#lightbox");
  const links = [...document.querySelectorAll("a[data-enlarge]")];
  if (!template || !links.length) return;
  const dialog = template.content.firstElementChild.cloneNode(true);
  const part = (name) => dialog.querySelector(name);
  const image = part("img"), view = part(".view"), said = part(".said"), page = part("[data-page]");
  const MOST = 4, STEP = 1.4;
  let at = 0, scale = 1;

  const whole = () => Math.min(
    1, view.clientWidth / image.naturalWidth, view.clientHeight / image.naturalHeight,
  );
  const zoom = (wanted) => {
    if (!image.naturalWidth) return;
    const before = scale;
    scale = Math.min(MOST, Math.max(whole(), wanted));
    const x = view.scrollLeft + view.clientWidth / 2, y = view.scrollTop + view.clientHeight / 2;
    image.style.width = `${image.naturalWidth * scale}px`;
    view.scrollTo(x * scale / before - view.clientWidth / 2, y * scale / before - view.clientHeight / 2);
  };
  const show = (number) => {
    at = (number + links.length) % links.length;
    const link = links[at];
    image.style.width = "";
    image.src = link.href;
    image.alt = said.textContent = link.dataset.enlarge;
    part("[data-place]").textContent = `${at + 1} / ${links.length}`;
    page.hidden = !link.dataset.page;
    if (link.dataset.page) page.href = link.dataset.page;
  };
  image.addEventListener("load", () => zoom(0));

  const actions = {
    before: () => show(at - 1),
    after: () => show(at + 1),
    in: () => zoom(scale * STEP),
    out: () => zoom(scale / STEP),
    whole: () => zoom(0),
    close: () => dialog.close(),
  };
  const keys = { ArrowLeft: "before", ArrowRight: "after", "+": "in", "=": "in", "-": "out", 0: "whole" };

  dialog.addEventListener("click", ({ target }) => {
    actions[target.closest("[data-do]")?.dataset.do]?.();
    if (target === dialog) dialog.close();
  });
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the arrows of the page behind are not meant
    if (event.altKey || event.ctrlKey || event.metaKey || !keys[event.key]) return;
    event.preventDefault();
    actions[keys[event.key]]();
  });
  dialog.addEventListener("close", () => links[at].focus());
  image.addEventListener("dblclick", () => zoom(scale > whole() ? 0 : 1));

  links.forEach((link, number) => link.addEventListener("click", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    document.body.append(dialog); // only now: a page that is read has no controls of it
    dialog.showModal();
    show(number);
    view.focus();
  }));
})();
