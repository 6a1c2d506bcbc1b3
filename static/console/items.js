/* What the ticked items come to, on the button that settles them. Comfort only: the server adds up
   for itself, and the form works without this. */
(function () {
  "use strict";
  var form = document.querySelector("[data-ch-items]"), button = form && form.querySelector("[data-ch-settle]");
  if (!button) return;
  var exponent = Number(button.dataset.exponent), label = button.textContent;
  /* Minor units as text: BigInt, so nothing is rounded. */
  function written(minor) {
    var text = minor.toString().padStart(exponent + 1, "0"), whole = text.slice(0, text.length - exponent);
    return button.dataset.currency + " " + whole.replace(/\B(?=(\d{3})+$)/g, ",") + (exponent ? "." + text.slice(-exponent) : "");
  }
  function total() {
    var sums = { debit: 0n, credit: 0n };
    form.querySelectorAll("[name=item]:checked").forEach(function (box) { sums[box.dataset.side] += BigInt(box.dataset.minor); });
    var both = sums.debit && sums.credit, less = sums.debit < sums.credit ? sums.debit : sums.credit;
    var over = sums.debit - sums.credit;
    button.disabled = !both;
    button.textContent = !both ? label : "Settle " + written(less) + (over ? "; " + written(over < 0n ? -over : over) + (over < 0n ? " credit" : " debit") + " stays open" : "");
  }
  form.addEventListener("change", total);
  total();
})();
