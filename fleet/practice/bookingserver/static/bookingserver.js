/* The calendar of step 4 and the old cookie banner. */
(function () {
  "use strict";
  function load(offset) {
    var grid = $("#planning_Booking");
    if (!grid.attr("data-address")) { return; }
    $.get(grid.attr("data-address") + offset, function (text) {
      grid[0].setAttribute("data-offset", offset);
      grid.html(text);
    });
  }
  $(window).on("load", function () {
    var grid = $("#planning_Booking");
    if (grid.attr("data-address")) { load(grid.attr("data-offset")); }
    setInterval(function () {
      var box = $("#rechargement")[0];
      if (box && box.checked) { load(grid.attr("data-offset")); }
    }, 30000);
  });
  $(function () {
    $("#planning_Booking").on("click", function (event) {
      var link = event.target.closest("a.semaine");
      if (link) {
        event.preventDefault();
        load(link.getAttribute("data-offset"));
      }
    });
    if (document.cookie.indexOf("cookies-accepte=oui") < 0) { $("#cookies-banner").show(); }
    $("#cookies-banner .boutons a").on("click", function (event) {
      event.preventDefault();
      document.cookie = "cookies-accepte=oui;path=/";
      $("#cookies-banner").remove();
    });
  });
})();
