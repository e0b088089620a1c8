/* A banner with the ids and classes of tarteaucitron; no tracker behind it. */
$(function () {
  "use strict";
  if (document.cookie.indexOf("tarteaucitron=") >= 0) { return; }
  var root = document.createElement("div");
  root.id = "tarteaucitronRoot";
  root.innerHTML =
    '<div id="tarteaucitronAlertBig" class="tarteaucitronAlertBigBottom" role="dialog" aria-label="Cookies">' +
    '<span id="tarteaucitronDisclaimerAlert">En autorisant ces services tiers, vous acceptez le dépôt et la lecture de cookies.</span> ' +
    '<button type="button" id="tarteaucitronPersonalize2" class="tarteaucitronCTAButton tarteaucitronAllow">OK, tout accepter</button> ' +
    '<button type="button" id="tarteaucitronAllDenied2" class="tarteaucitronCTAButton tarteaucitronDeny">Interdire tous les cookies</button></div>';
  document.body.appendChild(root);
  root.addEventListener("click", function (event) {
    if (event.target.closest(".tarteaucitronCTAButton")) {
      document.cookie = "tarteaucitron=!mesure=wait;path=/";
      root.remove();
    }
  });
});
