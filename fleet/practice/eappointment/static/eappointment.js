// What the site's scripts do, in few words. Names of functions, elements and calls are theirs.
const dwr = { engine: { waiting: null, _remoteHandleCallback: (batch, id, value) => dwr.engine.waiting(value) } };

function appel(nom, corps, suite) {
  const base = document.forms.form2.getAttribute("action").replace("/appointment.do", "");
  dwr.engine.waiting = suite;
  fetch(`${base}/dwr/call/plaincall/${nom}.dwr`, { method: "POST", headers: { "Content-Type": "text/plain" }, body: corps })
    .then((reponse) => { if (!reponse.ok) throw new Error(reponse.status); return reponse.text(); })
    .then((texte) => new Function("dwr", texte)(dwr))
    .catch(() => alert("A server error has occurred."));  // DWR's own words
}

function boutons(actifs) {
  for (const id of ["nextButtonId", "previousButtonId"]) {
    const bouton = document.getElementById(id);
    if (bouton) bouton.disabled = !actifs;
  }
}

function setQuantity() {
  const couche = document.getElementById("layerMotive");
  couche.className = "layerMotive";
  boutons(false);
  couche.className = "noLayerMotive";
  boutons(true);
}

function processFadeOut(formulaire) {
  const volet = document.getElementById("pane3");
  volet.style.transition = "opacity .1s";
  volet.style.opacity = 0.3;
  setTimeout(() => document.forms[formulaire].submit(), 120);
}

function continuer(etape) {
  boutons(false);
  if (etape === 3) {
    appel("AjaxSelectionFormFeeder.checkSelectionValidity", "callCount=1\n", () => processFadeOut("form2"));
    return;
  }
  const motifs = [...document.querySelectorAll("input[name=selectedMotiveKeyList]:checked")];
  if (!motifs.length) {
    alert("Veuillez sélectionner au moins un motif.");
    boutons(true);
    return;
  }
  const objet = motifs.map((motif, n) => `${motif.value}:reference:c0-e${n + 1}`).join(",");
  appel("AjaxMotive.motiveMultiSiteSubmit", `callCount=1\nc0-param1=Object_Object:{${objet}}\nbatchId=1\n`, (reponse) => {
    if (reponse.foundAvailabilities) return processFadeOut("form2");
    alert(reponse.msg);
    boutons(true);
  });
}

function openJqueryCal() {
  if (document.body.dataset.calendrier !== "jamais") document.getElementById("ui-datepicker-div").hidden = false;
}

// jQuery UI's datepicker: one month further, as far as there are any.
function moisSuivant(bouton) {
  const mois = [...document.querySelectorAll(".ui-datepicker-group")];
  const premier = mois.findIndex((groupe) => !groupe.hidden);
  if (premier + 3 >= mois.length) return;
  mois[premier].hidden = true;
  mois[premier + 3].hidden = false;
  if (premier + 4 >= mois.length) bouton.classList.add("ui-state-disabled");
}

function coin() {
  const formulaire = document.forms.frm;
  const bureau = { "94000": "P941", "94130": "P942", "94240": "P943" }[formulaire.CP.value];
  if (!bureau) alert("Veuillez saisir un code postal valide.");
  else location.assign(`${formulaire.dataset.base}/appointment.do?sitekey=${bureau}&mobile=false`);
  formulaire.CP.value = "";
}

addEventListener("DOMContentLoaded", () => {
  const { alerte, calendrier, envoi } = document.body.dataset;
  const suivant = document.querySelector(".ui-datepicker-next");
  if (suivant) suivant.addEventListener("click", () => moisSuivant(suivant));
  if (calendrier === "open") openJqueryCal();
  if (calendrier === "late") setTimeout(openJqueryCal, 500);
  if (alerte && calendrier === "late") setTimeout(() => alert(alerte), 300);
  else if (alerte) alert(alerte);
  if (envoi) setTimeout(() => document.forms.form2.submit(), 300);
});
