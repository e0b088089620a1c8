// Fills the page as the portal's script does: after the document has come.
(() => {
  const { etat, connexion, royaume } = document.body.dataset;
  const nom = etat === "other_name" ? "Portail des démarches" : "Étrangers en France";
  const bouton = {
    login_in_a_sentence: "",
    login_hidden: `<a class="bouton" href="${connexion}" style="visibility: hidden">Se connecter</a>`,
    maintenance_in_portal: "",
  }[etat] ?? `<a class="bouton" href="${connexion}">Se connecter</a>`;
  const avis = {
    login_in_a_sentence: "Vous pouvez vous connecter avec FranceConnect ou avec votre numéro étranger : se connecter suppose un compte.",
    maintenance_announced: "Une opération de maintenance est prévue dimanche de 8 h à 12 h.",
  }[etat];
  const tuiles = [
    ["Valider mon visa long séjour", "VLS-TS : dans les trois mois de l'arrivée"],
    ["Demander ou renouveler un titre de séjour", "Étudiant, visiteur, passeport talent…"],
    ["Demander un document de voyage", "TVE, DCEM"],
    ["Déclarer un changement de situation", "Adresse, état civil, famille"],
    ["Demander la nationalité française", "Par décret"],
    ["Suivre ma demande", "Avec votre numéro étranger"],
  ].map(([titre, texte]) => `<anef-tile><a href="#/">${titre}<span>${texte}</span></a></anef-tile>`);
  const corps = {
    maintenance_in_portal: "<h1>Site en maintenance</h1><p>Nous vous prions de nous excuser pour la gêne occasionnée.</p><p><a href='#/mentions'>Mentions légales</a></p>",
    api_down: '<h1>Une erreur technique est survenue</h1><p>Veuillez réessayer plus tard.</p>',
  }[etat] ?? `<h1>Vos démarches en ligne</h1><p>Administration numérique pour les étrangers en France.</p>
    ${avis ? `<p class="avis">${avis}</p>` : ""}<div class="tuiles">${tuiles.join("")}</div>`;
  const barre = etat === "api_down" ? "" : `<app-nav-new><nav><div><strong>${nom}
    <small>Téléservice du séjour et de la nationalité</small></strong>${bouton}</div></nav></app-nav-new>`;
  const remplir = () => {
    document.querySelector("app-root").innerHTML = `<app-portal>${barre}<main>${corps}</main></app-portal>`;
    if (etat === "other_name") document.querySelector("main p").remove();
    if (etat === "logs_in_by_itself") {
      const formulaire = document.createElement("form");
      Object.assign(formulaire, { method: "post", action: `${royaume}/login-actions/authenticate` });
      document.body.append(formulaire);
      formulaire.submit();
    }
  };
  if (etat === "sent_to_login") location.assign(connexion);
  else setTimeout(remplir, etat === "late" ? 1200 : 60);
})();
