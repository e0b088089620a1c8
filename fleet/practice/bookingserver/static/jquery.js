/* A few lines that look like jQuery, enough for the practice pages. */
(function () {
  "use strict";
  function wrap(found) {
    return {
      0: found,
      length: found ? 1 : 0,
      attr: function (name) { return found ? found.getAttribute(name) : null; },
      html: function (text) { if (found) { found.innerHTML = text; } return this; },
      on: function (kind, then) { if (found) { found.addEventListener(kind, then); } return this; },
      show: function () { if (found) { found.hidden = false; } return this; },
      remove: function () { if (found) { found.remove(); } return this; }
    };
  }
  window.$ = window.jQuery = function (what) {
    if (typeof what === "function") {
      if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", what);
      } else {
        what();
      }
      return wrap(document);
    }
    return wrap(typeof what === "string" ? document.querySelector(what) : what);
  };
  window.$.get = function (address, then) {
    var request = new XMLHttpRequest();
    request.open("GET", address);
    request.onload = function () { if (request.status === 200) { then(request.responseText); } };
    request.send();
  };
})();
