// Hides what does not have all the words that are looked for. Without it
// everything is shown. It asks for nothing that a browser of 2015 lacks.
"use strict";
(function () {
  var box = document.getElementById("find");
  if (!box) return;
  var input = box.querySelector("input");
  var said = box.querySelector("[role=status]");
  var least = Number(box.getAttribute("data-least"));
  var most = Number(box.getAttribute("data-most"));
  function plain(s) {
    return s.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  }
  var all = Array.prototype.map.call(document.querySelectorAll("[data-find]"), function (at) {
    return { at: at, text: plain(at.textContent) };
  });
  function look() {
    var words = plain(input.value).split(/\s+/).filter(Boolean);
    var few = words.join(" ").length < least;
    var found = 0;
    all.forEach(function (one) {
      var is = !few && words.every(function (w) { return one.text.indexOf(w) >= 0; });
      if (is) found++;
      one.at.hidden = !is || found > most;
    });
    said.textContent = few ? "" : box.getAttribute(found > most ? "data-many" : "data-said").replace("{n}", found).replace("{of}", all.length).replace("{most}", most);
  }
  var soon;
  input.addEventListener("input", function () {
    clearTimeout(soon);
    soon = setTimeout(look, 120);
  });
  box.hidden = false;
  look();
})();
