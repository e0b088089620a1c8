// Mounts what the real site's components mount: after the page has loaded, some of it late.
document.addEventListener("DOMContentLoaded", () => {
  const later = (place, action) => setTimeout(action, Number(place.dataset.apres));
  for (const place of document.querySelectorAll("[data-composant]")) {
    const parts = document.getElementById(place.dataset.composant);
    later(place, () => place.replaceChildren(parts.content.cloneNode(true)));
  }
  for (const place of document.querySelectorAll("[data-captcha]")) {
    later(place, async () => {
      const answer = await fetch(place.dataset.captcha + "?get=html&c=captchaFR");
      if (answer.ok) place.innerHTML = await answer.text();
    });
  }
  const refuse = document.querySelector(".fr-consent-banner button[title='Refuser tous les cookies']");
  if (refuse) refuse.addEventListener("click", () => refuse.closest(".fr-consent-banner").remove());
});
